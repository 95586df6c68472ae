"""The documents agree with the code, as far as a program can check."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatsite.errors import HTTP_STATUS
from chatsite.realtime import registry

pytestmark = pytest.mark.standalone

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_error_codes_are_the_documented_ones() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", PROTOCOL, re.MULTILINE)
    assert {code: int(status) for code, status in rows} == HTTP_STATUS


def test_the_commands_are_the_documented_ones() -> None:
    table = PROTOCOL.split("### Client → server")[1].split("###")[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert named == registry.commands.keys() | {"authenticate"}


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text())
    missing = [
        target
        for target in targets
        if not target.startswith(("http:", "https:")) and not (document.parent / target).exists()
    ]
    assert missing == []


def test_the_files_of_the_architecture_page_exist() -> None:
    named = re.findall(r"`([\w-]+(?:/[\w.-]+)+/?)`", (ROOT / "docs" / "architecture.md").read_text())
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_the_tests_it_names_exist(document: Path) -> None:
    """A name is `folder/test_file.py`, alone or with `::test_case`. A file without a folder is in tests/attack."""
    missing = []
    for path, case in re.findall(
        r"`(?:tests/)?((?:[a-z_]+/)?test_\w+\.py)(?:::(\w+))?`", document.read_text()
    ):
        file = ROOT / "tests" / path if "/" in path else ROOT / "tests" / "attack" / path
        others = [file] if file.exists() else list((ROOT / "tests").rglob(path))
        if not any(case in other.read_text() for other in others):
            missing.append(f"{path}::{case}" if case else path)
    assert missing == []
