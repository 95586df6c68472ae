"""The server's page and the live view format messages in the same way. Both use one table of cases."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from chatsite.web.message_format import parse_message
from chatsite.web.templatetags.web_message import formatted
from tests.client_js.node import node_environment

pytestmark = pytest.mark.standalone

CASES: Final[list[dict[str, Any]]] = json.loads((Path(__file__).parent / "format_cases.json").read_text())
MODULE: Final = Path(__file__).parents[2] / "chatsite/web/static/web/thread/message_format.js"


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:30] for case in CASES])
def test_the_server_finds(case: dict[str, Any]) -> None:
    assert parse_message(case["text"]) == case["tree"]


def test_the_live_view_finds_the_same() -> None:
    script = f"""
        import {{ parseMessage }} from {json.dumps(str(MODULE))};
        console.log(JSON.stringify({json.dumps([case["text"] for case in CASES])}.map((text) => parseMessage(text))));
    """
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, env=node_environment(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [case["tree"] for case in CASES]


def test_only_the_formatter_creates_html() -> None:
    shown = formatted('<img src=x onerror=alert(1)> *"<i>"* https://a.example/"onclick=x `<b>` a@b.example')
    assert shown.count("<") == 2 * 4
    assert "<img" not in shown
    assert "onclick=x" in shown
    assert '<a class="link" href="https://a.example/"' in shown
    assert 'href="mailto:a@b.example"' in shown


@pytest.mark.parametrize("part", ["*a ", "_a ", "`", "(", "a@", "0 ", "- x\n", "```\n", "http://a"])
def test_a_long_message_takes_no_long_time(part: str) -> None:
    text = part * (4_000 // len(part))
    assert "".join(_texts(parse_message(text)))


def _texts(items: list[Any]) -> list[str]:
    return [item if isinstance(item, str) else str(item) for item in items]
