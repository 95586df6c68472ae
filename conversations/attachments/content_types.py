"""Determine the type of a file from its bytes. Its name and the type that the client claims do not count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, Final

import puremagic
from django.conf import settings

from chatsite.errors import DomainError
from conversations.attachment_objects import Kind

HEAD: Final = 8192  # bytes that are looked at
TAIL: Final = 4096
BINARY: Final = "application/octet-stream"
TEXT: Final = "text/plain"

# Formats that the browser shows or plays; all others are downloads.
INLINE: Final = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/flac",
        "video/mp4",
        "video/webm",
        "video/quicktime",
    }
)
_HTML: Final = re.compile(
    rb"^\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|script|iframe|title|table|style)\b",
    re.IGNORECASE | re.DOTALL,
)
_SVG: Final = re.compile(rb"<svg[\s>]", re.IGNORECASE)

# The brands of ISO media files.
_BRANDS: Final = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_SIGNATURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"#!", "text/x-script"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}


@dataclass(frozen=True, slots=True)
class FileType:
    content_type: str
    kind: Kind


def detect_type(file: IO[bytes], *, is_recording: bool) -> FileType:
    """Return the type of an upload. Raise `unsupported_media_type` if the site does not accept it."""
    head, tail = _ends(file)
    content_type = _by_bytes(head, tail)
    if not is_allowed(content_type):
        raise DomainError(
            "unsupported_media_type", "Files of this kind are not accepted.", {"contentType": content_type}
        )
    family = content_type.partition("/")[0]
    if is_recording and family in {"audio", "video"}:
        return FileType(content_type, "voice")
    if is_recording:
        raise DomainError("unsupported_media_type", "This is not a recording.", {"contentType": content_type})
    if family == "image" and content_type in _PICTURES:
        return FileType(content_type, "image")
    return FileType(content_type, "video" if family == "video" else "file")


_PICTURES: Final = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/avif"}
)


def is_allowed(content_type: str) -> bool:
    """Return whether the setting lists the type or its family, such as `image/*`."""
    family = f"{content_type.partition('/')[0]}/*"
    return any(allowed in {"*", content_type, family} for allowed in settings.ATTACHMENT_TYPES)


def _ends(file: IO[bytes]) -> tuple[bytes, bytes]:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0, 2)
    file.seek(max(0, file.tell() - TAIL))
    tail = file.read(TAIL)
    file.seek(0)
    return head, tail


def _by_bytes(head: bytes, tail: bytes) -> str:
    known = _by_signature(head)
    if known is not None:
        return known
    if _looks_like_markup(head):
        return "image/svg+xml" if _SVG.search(head) else "text/html"
    if _is_text(head):
        return TEXT
    try:
        matches = puremagic.magic_string(head + tail)
    except (puremagic.PureError, ValueError):
        return BINARY
    return next((match.mime_type for match in matches if match.mime_type), BINARY)


def _by_signature(head: bytes) -> str | None:
    """Detect the formats that are converted or played by exact signatures, because these must not be guessed."""
    for signature, content_type in _SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head.startswith(b"RIFF") and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # a frame of MPEG audio, layer III or II
        return "audio/mpeg"
    return _zip_type(head) if head.startswith(b"PK\x03\x04") else None


def _zip_type(head: bytes) -> str:
    """Detect office documents, which are zip files, by their first entries."""
    office = "application/vnd.openxmlformats-officedocument"
    for part, content_type in (
        (b"word/", f"{office}.wordprocessingml.document"),
        (b"xl/", f"{office}.spreadsheetml.sheet"),
        (b"ppt/", f"{office}.presentationml.presentation"),
    ):
        if part in head:
            return content_type
    if head[30:38] == b"mimetype" and b"application/vnd.oasis.opendocument." in head[38:100]:
        return head[38:100].split(b"PK")[0].decode("ascii", "replace").strip()[:100]
    return "application/zip"


def _looks_like_markup(head: bytes) -> bool:
    return _HTML.search(head) is not None or (
        head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and _SVG.search(head) is not None
    )


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        # The last character may be cut in two.
        head.decode() if len(head) < HEAD else head.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        return len(head) == HEAD and error.start >= HEAD - 3
    return bool(head)
