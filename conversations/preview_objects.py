"""What a list shows of a conversation besides the text of its last message, or instead of it.

A conversation keeps each of these as JSON, or nothing. `conversations.writing.list_preview` decides what they are.
"""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import msgspec

from conversations.attachment_objects import Kind


class LastFilesObject(msgspec.Struct, rename="camel", kw_only=True):
    """The files of a last message without a text. `kind` is `file` where they are of several kinds."""

    kind: Kind
    count: int
    duration_ms: int | None


class LastReactionObject(msgspec.Struct, rename="camel", kw_only=True):
    """The newest reaction since the last message, and the beginning of the message that it is on."""

    message_id: UUID
    user_id: str
    emoji: str
    excerpt: str


class LastSenderObject(msgspec.Struct, rename="camel", kw_only=True):
    """Who sent the last message, and what became of it. `userId` is null for the system and for an erased person."""

    user_id: str | None
    side: Literal["customer", "business", "system"]
    status: Literal["sent", "delivered", "read"]


_decode_sender: Final = msgspec.json.Decoder(LastSenderObject).decode
_decode_files: Final = msgspec.json.Decoder(LastFilesObject).decode
_decode_reaction: Final = msgspec.json.Decoder(LastReactionObject).decode


def last_files_from_json(stored: str) -> LastFilesObject | None:
    return _decode_files(stored) if stored else None


def last_reaction_from_json(stored: str) -> LastReactionObject | None:
    return _decode_reaction(stored) if stored else None


def last_sender_from_json(stored: str) -> LastSenderObject | None:
    return _decode_sender(stored) if stored else None
