"""The files in a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart
from typing import Final

# The proof of a signed mail is no file of its author.
PROOFS: Final = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
LOGO_BYTES: Final = 30_000  # a picture in the text that is smaller belongs to a signature
_SHOWN: Final = re.compile(rb"\bcid:([^\"'\s>)]+)", re.IGNORECASE)


def attached_files(message: EmailMessage) -> list[tuple[str, bytes]]:
    """Names and contents of the files, without the pictures of a signature.

    Apple Mail puts files next to the HTML, inside of the alternatives, and calls them inline.
    """
    parts = list(_leaves(message))
    shown = {
        found.decode("ascii", "replace")
        for part in parts
        if part.get_content_type() == "text/html"
        for found in _SHOWN.findall(_bytes(part))
    }
    return [
        (part.get_filename() or "attachment", content)
        for part in parts
        if _is_file(part) and (content := _bytes(part)) and not _is_logo(part, content, shown)
    ]


def _leaves(part: MIMEPart) -> Iterator[MIMEPart]:
    kind = part.get_content_maintype()
    if kind == "multipart":
        for inner in part.iter_parts():
            yield from _leaves(inner)
    elif kind != "message":
        yield part


def _is_file(part: MIMEPart) -> bool:
    if part.get_content_type() in PROOFS:
        return False
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _is_logo(part: MIMEPart, content: bytes, shown: set[str]) -> bool:
    if part.get_content_disposition() == "attachment" or len(content) > LOGO_BYTES:
        return False
    return str(part.get("Content-ID", "")).strip().strip("<>") in shown


def _bytes(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
