"""The live list keeps the conversations that the server has found: both search by the same rules."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.client_js.node import find_node, node_environment
from tests.conversations.test_spellings import FOUND_BY_THE_LIST, SPELLINGS, UNLIKE
from tests.search.table import FINDS, MISSES

pytestmark = pytest.mark.standalone

MODULE: Final = Path(__file__).parents[2] / "chatsite/web/static/web/list_search.js"


def found_by_the_page(pairs: list[tuple[str, str]]) -> list[bool]:
    """Return whether the page finds each text by its query."""
    script = f"""
        const {{ isFound }} = await import({json.dumps(str(MODULE))});
        const customer = {{ name: "", username: "" }};
        const shown = (lastMessage) => ({{ customerId: "7", customer, business: {{}}, lastMessage }});
        const found = {json.dumps(pairs)}.map(([query, text]) => isFound(shown(text), query, {{ id: "8" }}));
        console.log(JSON.stringify(found));
    """
    command = [find_node(), "--input-type=module", "--eval", script]
    done = subprocess.run(command, env=node_environment(), capture_output=True, text=True, check=True)
    found: Any = json.loads(done.stdout)
    return list(found)


def test_the_page_finds_what_the_server_finds() -> None:
    pairs = [*FINDS, *((typed, stored) for stored, typed in SPELLINGS), *FOUND_BY_THE_LIST]
    assert [pair for pair, found in zip(pairs, found_by_the_page(pairs), strict=True) if not found] == []


def test_the_page_finds_nothing_else() -> None:
    pairs = [
        *({*MISSES} - FOUND_BY_THE_LIST),
        *((typed, stored) for stored, typed in UNLIKE),
    ]
    assert [pair for pair, found in zip(pairs, found_by_the_page(pairs), strict=True) if found] == []
