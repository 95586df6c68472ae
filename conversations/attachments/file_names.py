"""Clean the file name that a client sends, and write the header that returns it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

LENGTH: Final = 200  # characters
_SUFFIX_LENGTH: Final = 20
_RESERVED: Final = frozenset('<>:"|?*')  # Windows accepts none of them
# Categories of characters that show nothing or mislead: control, format (bidi among them), surrogates, private use,
# unassigned, line and paragraph separators.
_UNWANTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def clean_name(raw: str) -> str:
    """Return the name without a path and misleading characters, cut to 200 characters with its suffix."""
    name = re.split(r"[/\\]", raw.replace("\x00", ""))[-1]
    name = unicodedata.normalize("NFC", name)
    kept = (" " if unicodedata.category(char) == "Zs" else char for char in name if _is_wanted(char))
    name = " ".join("".join(kept).split()).strip(". ")
    if not name or _DEVICES.fullmatch(name):
        name = f"file-{name}" if name else "file"
    return _shortened(name)


def with_suffix(name: str, suffix: str) -> str:
    """Return the name of the file after its conversion to another format."""
    return _shortened(f"{PurePosixPath(name).stem}{suffix}")


def _is_wanted(char: str) -> bool:
    # U+200D joins the parts of one emoji.
    return (unicodedata.category(char) not in _UNWANTED or char == "\u200d") and char not in _RESERVED


def _shortened(name: str) -> str:
    if len(name) <= LENGTH:
        return name
    suffix = PurePosixPath(name).suffix[:_SUFFIX_LENGTH]
    return name[: LENGTH - len(suffix)] + suffix


def content_disposition(name: str, *, inline: bool) -> str:
    """Return the header of RFC 6266, with an ASCII name for old clients and the real name."""
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%;' else "_" for char in name
    )
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
