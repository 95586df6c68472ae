"""The list of keyboard shortcuts has every key that the scripts of the page listen to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SCRIPTS: Final = ROOT / "chatsite" / "web" / "static" / "web"
LIST: Final = (ROOT / "templates" / "web" / "_shortcuts.html").read_text()
SHOWN: Final = {"ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→", "Escape": "Esc"}
SECOND_KEYS: Final = {"Backspace", "="}  # for keyboards without the key in the list
NAMED: Final = r"\b(Arrow\w+|Home|End|Enter|Escape|Delete|Backspace)\b"
COMPARED: Final = r'key === "(.)"'
IN_TABLE: Final = r'[{,\n] *"?([^\s"])"?: (?:actions\.|show\b|\(\) =>)'
PART_OF: Final = {
    "shortcuts.js": "Keyboard shortcuts",
    "row_keys.js": "Keyboard shortcuts",
    "thread/actions.js": "On a message",
    "thread/roving_tabindex.js": "On a message",
    "thread/composer.js": "In the message field",
    "thread/attachment_viewer.js": "In the picture viewer",
}


def keys_in(source: str) -> set[str]:
    found = {key for pattern in (NAMED, COMPARED, IN_TABLE) for key in re.findall(pattern, source)}
    return {SHOWN.get(key, key) for key in found - SECOND_KEYS}


def keys_listed(title: str) -> set[str]:
    _, _, part = LIST.partition(f'{{% translate "{title}" %}}</h')
    return set(re.findall(r"<kbd>(.+?)</kbd>", part.partition("<h3>")[0]))


@pytest.mark.standalone
@pytest.mark.parametrize(("script", "title"), PART_OF.items())
def test_no_key_is_missing(script: str, title: str) -> None:
    used = keys_in((SCRIPTS / script).read_text())
    assert used
    assert used - keys_listed(title) == set()
