"""The documents agree with the code, as far as a program can check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from chatsite.config.limits import Limits
from chatsite.errors import HTTP_STATUS
from chatsite.realtime import registry

pytestmark = pytest.mark.standalone

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
KIB: Final = 1024
MIB: Final = 1024**2
GIB: Final = 1024**3
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_error_codes_are_the_documented_ones() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", PROTOCOL, re.MULTILINE)
    documented = {code: int(status) for code, status in rows}
    assert documented == HTTP_STATUS, "change the table under Errors in docs/protocol.md"


def test_the_commands_are_the_documented_ones() -> None:
    table = PROTOCOL.split("### Client → server")[1].split("###")[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert named == registry.commands.keys() | {"authenticate"}, (
        "change the table under Client → server in docs/protocol.md"
    )


def test_the_costs_of_commands_are_the_documented_ones() -> None:
    table = PROTOCOL.split("| Command or request | Cost |")[1].split("\n\n")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines()[2:]]
    documented = {
        name: float(re.findall(r"[\d.]+", cost)[0])
        for names, cost in rows
        for name in re.findall(r"`(\w+)`", names)
    }
    fixed = {"authenticate": 1.0}
    for name, command in registry.commands.items():
        # A cost that depends on the data is documented as its least value and what adds to it.
        fixed[name] = documented.get(name, 0.0) if callable(command.cost) else command.cost
    assert documented == fixed, "change the table of costs under Limits in docs/protocol.md"


DOCUMENTED_LIMITS: Final = {
    "content of a message": f"{Limits.message_length:,} characters",
    "`clientId`": f"{Limits.client_id_length} characters",
    "ids in a receipt": f"{Limits.receipt_ids}",
    "conversations in a `sync`": f"{Limits.sync_conversations}",
    "joined conversations of a socket": f"{Limits.joined_conversations}",
    "a frame": f"{Limits.frame_bytes // KIB} KiB",
    "frames of a socket": f"{Limits.frames_per_second} a second, after a burst of {Limits.frames_burst:,}",
    "the body of a request": f"{Limits.request_bytes // MIB} MiB",
    "attachments of a message": f"{Limits.message_attachments}",
    "all files of a user": f"{Limits.user_attachment_bytes // GIB} GiB",
    "number of a user's files": f"{Limits.user_attachments:,}",
    "number of files of a business's conversations": f"{Limits.business_attachments:,}",
    "all files of a business's conversations": f"{Limits.business_attachment_bytes // GIB} GiB",
}


@pytest.mark.parametrize("name", DOCUMENTED_LIMITS)
def test_the_limits_are_the_documented_ones(name: str) -> None:
    row = f"| {name} | {DOCUMENTED_LIMITS[name]} |"
    assert row in PROTOCOL, "change the row under Limits in docs/protocol.md"


def test_security_names_the_limits_of_input() -> None:
    limits = (
        f"{Limits.frame_bytes // KIB} KiB a frame",
        f"{Limits.request_bytes // MIB} MiB a request",
        f"{Limits.message_length:,} characters a message",
    )
    text = (ROOT / "SECURITY.md").read_text()
    assert [limit for limit in limits if limit not in text] == [], "change the safeguards in SECURITY.md"


def test_each_documented_limit_is_compared() -> None:
    table = PROTOCOL.split("| Limit | Default |")[1].split("\n\n")[0]
    named = {row.split("|")[1].strip() for row in table.splitlines()[2:]}
    assert named - {"a file"} == DOCUMENTED_LIMITS.keys(), "add the row to DOCUMENTED_LIMITS"


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
