"""Scan uploads for malware. No file is shown before the scanner has answered.

`ATTACHMENTS_SCANNER` is the address of a ClamAV daemon (`clamd://HOST:PORT`, `clamd+unix:///PATH`), or the dotted path
of a function that gets the open file and returns the name of what it found, or None.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from conversations.attachments.clamd import Clamd


class Scan(Protocol):
    def __call__(self, file: IO[bytes], /) -> str | None: ...


def is_scanning() -> bool:
    return bool(settings.ATTACHMENTS_SCANNER)


def scanner() -> Scan:
    """Return the function that scans."""
    address: str = settings.ATTACHMENTS_SCANNER
    if not address.startswith("clamd"):
        chosen: Scan = import_string(address)
        return chosen
    return clamd_at(address).scan


def clamd_at(address: str) -> Clamd:
    parts = urlsplit(address)
    if parts.scheme == "clamd+unix":
        return Clamd(parts.path)
    return Clamd((parts.hostname or "localhost", parts.port or 3310))


def find_malware(path: Path) -> str | None:
    """Return the name of what the scanner found. Let errors of the scanner through, so that the job is retried."""
    if not is_scanning():
        return None
    with path.open("rb") as file:
        return scanner()(file)
