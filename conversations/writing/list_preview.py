"""What a list shows of a conversation: its last message with the sender and the files, or a later reaction.

These columns follow from the messages. Code that appends or changes a message calls `show_new` or `show_changed`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from chatsite.config.limits import limits
from conversations.access import UserId
from conversations.attachment_objects import StoredAttachment
from conversations.models import Attachment, ChatMessage, Conversation
from conversations.preview_objects import (
    LastFilesObject,
    LastReactionObject,
    LastSenderObject,
    last_reaction_from_json,
    last_sender_from_json,
)
from conversations.serializers import ReactionObject

EXCERPT: Final = 80  # characters of the message in a reaction

# A file may have another ending than the content of its message says: HEIC is stored as JPEG.
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_ANY_ENDING: Final = r"(\.[A-Za-z0-9]{1,10})?"
_decode_files: Final = msgspec.json.Decoder(list[StoredAttachment]).decode
_decode_reactions: Final = msgspec.json.Decoder(list[ReactionObject]).decode


def preview(content: str) -> str:
    """Return the beginning of the content on one line, for a conversation's `lastMessage`."""
    length = limits().preview_length
    return " ".join(content[: length * 2].split())[:length]


def preview_of(message: ChatMessage) -> str:
    """Return `lastMessage` for a last message. It is empty if the message is deleted or hidden."""
    return "" if _is_gone(message) else preview(message.content)


def last_files_of(message: ChatMessage) -> str:
    """Return `last_files` for a last message."""
    if not message.attachments or _is_gone(message):
        return ""
    return last_files(message.content, _decode_files(message.attachments))


def last_files(content: str, files: Sequence[StoredAttachment | Attachment]) -> str:
    """Return these files as JSON, unless the message has a text besides their names."""
    names = [re.escape(_ENDING.sub("", file.name)) + _ANY_ENDING for file in files]
    if not files or not re.fullmatch(", ".join(names), content):
        return ""
    kinds = {file.kind for file in files}
    shown = LastFilesObject(
        kind=files[0].kind if len(kinds) == 1 else "file",  # type: ignore[arg-type]
        count=len(files),
        duration_ms=files[0].duration_ms if len(files) == 1 else None,
    )
    return msgspec.json.encode(shown).decode()


def last_sender_of(message: ChatMessage) -> str:
    """Return `last_sender` for a last message."""
    return last_sender(message.sender_id, message.sender_side, message.status)


def last_sender(user_id: UserId | None, side: str, status: str = ChatMessage.Status.SENT) -> str:
    """Return the sender of a last message and its status as JSON."""
    sender = None if user_id is None else str(user_id)
    shown = LastSenderObject(user_id=sender, side=str(side), status=str(status))  # type: ignore[arg-type]
    return msgspec.json.encode(shown).decode()


def show_new(
    conversation: Conversation,
    content: str,
    sender: str,
    files: Sequence[StoredAttachment | Attachment] = (),
) -> None:
    """Show a new last message. `last_sender` returns the `sender`."""
    conversation.last_sender = sender
    conversation.last_message = preview(content)
    conversation.last_files = last_files(content, files)
    conversation.last_reaction = ""


def show_changed(conversation: Conversation, message: ChatMessage) -> None:
    """Show a changed message, if it is the last one or has the reaction that is shown."""
    if message.seq == conversation.last_seq:
        conversation.last_message, conversation.last_files = preview_of(message), last_files_of(message)
        conversation.last_sender = last_sender_of(message)
    shown = last_reaction_from_json(conversation.last_reaction)
    if shown is not None and shown.message_id == message.pk:
        is_kept = not _is_gone(message) and _has_reaction(message, shown)
        conversation.last_reaction = _reaction(message, shown.user_id, shown.emoji) if is_kept else ""


def show_status(conversation: Conversation, status: str) -> None:
    """Show that the last message was delivered or read."""
    shown = last_sender_from_json(conversation.last_sender)
    if shown is not None:
        conversation.last_sender = last_sender(shown.user_id, shown.side, status)


def show_reaction(conversation: Conversation, message: ChatMessage, user_id: UserId, emoji: str) -> None:
    """Show that somebody has reacted to a message."""
    conversation.last_reaction = _reaction(message, str(user_id), emoji)


def _reaction(message: ChatMessage, user_id: str, emoji: str) -> str:
    shown = LastReactionObject(
        message_id=message.pk, user_id=user_id, emoji=emoji, excerpt=preview(message.content)[:EXCERPT]
    )
    return msgspec.json.encode(shown).decode()


def _has_reaction(message: ChatMessage, shown: LastReactionObject) -> bool:
    reactions = _decode_reactions(message.reactions) if message.reactions else []
    return any(one.emoji == shown.emoji and shown.user_id in one.user_ids for one in reactions)


def _is_gone(message: ChatMessage) -> bool:
    return bool(message.deleted_at or message.hidden_at)
