"""The options of an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chatsite.transfer import chatwoot, native, stream_chat
from chatsite.transfer.records import Record


@dataclass(frozen=True, slots=True)
class Format:
    """A form of files, and by what it usually shares people with this site."""

    read: Callable[[Iterable[bytes]], Iterator[Record]]
    match: str


FORMATS: Final = {
    "native": Format(native.read, "username"),
    "stream": Format(stream_chat.read, "id"),
    "chatwoot": Format(chatwoot.read, "email"),
}


@dataclass(frozen=True, kw_only=True)
class TransferOptions:
    """The parsed options of the command, which documents each of them."""

    path: Path
    format: str = "native"
    name: str = ""
    match: str = ""
    user_map: Path | None = None
    agents: frozenset[str] = field(default_factory=frozenset)
    business: str = ""
    create_businesses: bool = False
    create_people: bool = False
    former_members: bool = False
    files: Path | None = None
    without_files: bool = False
    batch: int = 1000
    dry_run: bool = False
    rejects: Path = Path("rejects.jsonl")

    @property
    def source_name(self) -> str:
        """The name of the source in the import records."""
        return self.name or f"{self.format}:{self.path.name}"

    @property
    def matched_by(self) -> str:
        return self.match or FORMATS[self.format].match
