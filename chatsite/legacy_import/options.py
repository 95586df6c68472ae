"""The options of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from chatsite.legacy_import.errors import ImportStopped

CHAT_TYPES: Final = frozenset(
    {"chat", "message", "text", "image", "file", "voice", "audio", "direct", "direct_message", "dm", "none"}
)


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """The parsed options of the command. `arguments` documents each of them."""

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


class Action(StrEnum):
    """The task of the command."""

    IMPORT = "import"
    DESCRIBE = "describe"
    VERIFY = "verify"
    UNDO = "undo"


@dataclass(frozen=True, kw_only=True)
class CommandOptions:
    """The whole command line: the task, how to show progress, and the options of the import."""

    action: Action
    progress: bool
    import_options: ImportOptions


def parse_pairs(text: str, option: str) -> dict[str, str]:
    """`a=b,c=d` as a dictionary."""
    pairs: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = (side.strip() for side in part.partition("="))
        if not (name and equals and value):
            raise ImportStopped(f"{option} takes name=value pairs separated by commas, but got {part!r}.")
        pairs[name] = value
    return pairs
