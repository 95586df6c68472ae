"""How clients see attachments, and the addresses that their bytes are at.

A message keeps its attachments as JSON (`ChatMessage.attachments`), so a page of messages needs no second query. An
address carries a signature that ends soon, so it is no part of the JSON: it is made whenever the message is shown.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.signing import Signer
from django.urls import get_script_prefix, reverse
from django.utils.crypto import constant_time_compare

Kind = Literal["image", "file", "voice", "video"]
State = Literal["processing", "ready", "rejected"]

SIGNED_SECONDS: Final = 3600  # for which an address is good, at least
STEP: Final = 900  # seconds for which addresses stay the same, so that browsers can use what they have stored


class StoredAttachment(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """What a message keeps of an attachment."""

    id: UUID
    kind: Kind
    name: str
    alt: str | None = None
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: list[int] | None = None
    placeholder: str | None = None
    state: State = "ready"
    reason: str | None = None
    has_thumbnail: bool = False


class AttachmentObject(msgspec.Struct, rename="camel", kw_only=True):
    """A file of a message, or of a message to be.

    `state` is `processing` until the file has been checked and converted; then it is `ready`, or `rejected` for a
    `reason`. `url` and `thumbnailUrl` are null while nothing is there. `placeholder` is a tiny picture as a data URI,
    `waveform` has values from 0 to 100. `alt` is the sender's description for people who cannot see the picture.
    """

    example: ClassVar[Mapping[str, Any]] = {
        "kind": "image",
        "name": "bicycle.webp",
        "size": 48213,
        "width": 1200,
        "height": 900,
        "state": "ready",
        "url": "/chat/attachments/019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8?until=1795443300&signature=Zk3Q",
    }

    id: UUID
    kind: Kind
    name: str
    alt: str | None
    size: int
    content_type: str
    width: int | None
    height: int | None
    duration_ms: int | None
    waveform: list[int] | None
    placeholder: str | None
    state: State
    reason: str | None
    url: str | None
    thumbnail_url: str | None


_decode: Final = msgspec.json.Decoder(list[StoredAttachment]).decode


def attachments_from_json(stored: str) -> list[AttachmentObject]:
    """Return what clients see of the JSON that a message keeps."""
    return [attachment_object(attachment) for attachment in _decode(stored)]


def attachments_as_json(attachments: list[StoredAttachment]) -> str:
    return msgspec.json.encode(attachments).decode() if attachments else ""


def stored_attachment(row: Any) -> StoredAttachment:
    """Return what a message keeps of a row of the model `Attachment`."""
    return StoredAttachment(
        id=row.pk,
        kind=row.kind,
        name=row.name,
        alt=row.alt or None,
        size=row.size,
        content_type=row.content_type,
        width=row.width,
        height=row.height,
        duration_ms=row.duration_ms,
        waveform=msgspec.json.decode(row.waveform) if row.waveform else None,
        placeholder=row.placeholder or None,
        state=row.state,
        reason=row.reason or None,
        has_thumbnail=row.thumbnail_id is not None,
    )


def stored_from_object(shown: AttachmentObject) -> StoredAttachment:
    """Return what a new message keeps of the attachment that its event shows."""
    names = (name for name in StoredAttachment.__struct_fields__ if name != "has_thumbnail")
    has_thumbnail = shown.thumbnail_url is not None
    return StoredAttachment(**{name: getattr(shown, name) for name in names}, has_thumbnail=has_thumbnail)


def attachment_object(stored: StoredAttachment) -> AttachmentObject:
    is_ready = stored.state == "ready"
    return AttachmentObject(
        id=stored.id,
        kind=stored.kind,
        name=stored.name,
        alt=stored.alt,
        size=stored.size,
        content_type=stored.content_type,
        width=stored.width,
        height=stored.height,
        duration_ms=stored.duration_ms,
        waveform=stored.waveform,
        placeholder=stored.placeholder,
        state=stored.state,
        reason=stored.reason,
        url=signed_url(stored.id) if is_ready else None,
        thumbnail_url=signed_url(stored.id, thumbnail=True) if is_ready and stored.has_thumbnail else None,
    )


# --- Addresses --------------------------------------------------------------------------------------------------------


def signed_url(attachment_id: UUID, *, thumbnail: bool = False) -> str:
    """Return an address that needs no credentials, on the host for files where the site has one."""
    until = (int(time.time()) + SIGNED_SECONDS) // STEP * STEP + STEP
    path = f"{_base()}{attachment_id}{'/thumbnail' if thumbnail else ''}"
    return f"{settings.ATTACHMENTS_ORIGIN}{path}?until={until}&signature={_signature(attachment_id, until)}"


def is_signed(attachment_id: UUID, until: str, signature: str) -> bool:
    """Return whether this site has signed the address, and it is still good."""
    if not (until.isascii() and until.isdigit() and len(until) <= 12) or int(until) < time.time():
        return False
    return constant_time_compare(signature, _signature(attachment_id, int(until)))


def _signature(attachment_id: UUID, until: int) -> str:
    return _signer().signature(f"{attachment_id}:{until}")


@cache
def _signer() -> Signer:
    return Signer(salt="conversations.attachments")


@cache
def _base() -> str:
    """Return the path in front of an attachment's id. Below ROOT_PATH, which not every thread has set for `reverse`."""
    address = reverse("attachment-detail", args=[UUID(int=0)])
    path = address.removeprefix(get_script_prefix().rstrip("/"))
    return settings.ROOT_PATH + path[: path.index(str(UUID(int=0)))]
