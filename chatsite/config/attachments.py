"""Defaults of the attachments' settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

# A list of content types, `family/*`, or `*` for everything. HTML and SVG are only ever downloads.
TYPES: Final = (
    "image/*",
    "audio/*",
    "video/*",
    "text/plain",
    "text/html",
    "application/pdf",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
)


def file_system(folder: Path) -> dict[str, Any]:
    """The storage `attachments` in a folder that no web server publishes."""
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(folder),
            "file_permissions_mode": 0o640,
            "directory_permissions_mode": 0o750,
        },
    }
