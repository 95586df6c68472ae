"""What the operator chose on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from chatsite.legacy_import.errors import ImportStopped

CHAT_TYPES: Final = frozenset(
    {"chat", "message", "text", "image", "file", "voice", "audio", "direct", "direct_message", "dm", "none"}
)


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """See the command's options of the same names."""

    database: str = "default"
    source: str = ""
    table: str = "messages"
    name: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    users: str = "id"
    user_map: Path | None = None
    business_map: Path | None = None
    create_businesses: bool = False
    default_business: str = ""
    former_members: bool = False
    chat_types: frozenset[str] = CHAT_TYPES
    type_map: dict[str, str] = field(default_factory=dict)
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    strip_nul: bool = False
    since: str = ""
    batch: int = 2000
    dry_run: bool = False
    rejects: Path = Path("rejects.jsonl")


def parse_pairs(text: str, option: str) -> dict[str, str]:
    """`a=b,c=d` as a dictionary."""
    pairs: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = (side.strip() for side in part.partition("="))
        if not (name and equals and value):
            raise ImportStopped(f"{option} takes name=value pairs separated by commas; {part!r} is none.")
        pairs[name] = value
    return pairs
