"""Read a dump of Chatwoot's API, one conversation a line, with its contact in `meta.sender` and all its `messages`.

Files are only addresses there, so they become lines of the message's content. Private notes are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from chatsite.transfer.records import (
    Broken,
    ConversationLine,
    Found,
    LeftOut,
    MessageLine,
    Record,
    SourcePerson,
)

_INCOMING, _OUTGOING, _ACTIVITY, _TEMPLATE = range(4)
_BOTS: Final = frozenset({"agent_bot", "AgentBot", "captain_assistant", "Captain::Assistant"})


class ChatwootPerson(msgspec.Struct):
    id: int | str
    name: str | None = None
    email: str | None = None
    identifier: str | None = None
    type: str | None = None


class ChatwootAttachment(msgspec.Struct):
    data_url: str | None = None
    file_type: str | None = None
    fallback_title: str | None = None


class ChatwootMessage(msgspec.Struct):
    id: int
    message_type: int
    created_at: float
    content: str | None = None
    private: bool = False
    status: str | None = None
    sender: ChatwootPerson | None = None
    attachments: list[ChatwootAttachment] | None = None
    content_attributes: dict[str, Any] | None = None


class ChatwootMeta(msgspec.Struct):
    sender: ChatwootPerson


class ChatwootConversation(msgspec.Struct):
    """A conversation. Fields that this site has no use for are passed over."""

    id: int
    meta: ChatwootMeta
    messages: list[ChatwootMessage] = []
    agent_last_seen_at: float | None = None
    contact_last_seen_at: float | None = None


_decode = msgspec.json.Decoder(ChatwootConversation).decode


def read(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yield the messages of each conversation in the order of time."""
    for number, text in enumerate(lines, start=1):
        try:
            records = list(_records(_decode(text), number))
        except (
            ValueError,
            OverflowError,
        ) as error:  # not JSON, not UTF-8, another form, or a time out of range
            yield Broken(str(error), number)
        else:
            yield from records


def _records(source: ChatwootConversation, number: int) -> Iterator[Record]:
    line = ConversationLine(id=str(source.id), customer=_person(source.meta.sender, "contact"))
    for message in sorted(source.messages, key=lambda one: (one.created_at, one.id)):
        if message.private:
            yield LeftOut("private note", number)
        elif message.message_type not in {_INCOMING, _OUTGOING, _ACTIVITY, _TEMPLATE}:
            yield LeftOut("message of an unknown type", number)
        else:
            yield Found(line, _message(source, message), line=number)


def _person(person: ChatwootPerson, kind: str) -> SourcePerson:
    """Contacts, agents and bots are numbered apart, so the kind is part of the id."""
    return SourcePerson(
        id=f"{kind}:{person.id}",
        username=person.identifier or "",
        email=person.email or "",
        name=person.name or "",
    )


def _message(source: ChatwootConversation, message: ChatwootMessage) -> MessageLine:
    is_incoming = message.message_type == _INCOMING
    is_system = message.message_type in {_ACTIVITY, _TEMPLATE} and message.sender is None
    created = _time(message.created_at)
    attributes = message.content_attributes or {}
    replied = attributes.get("in_reply_to")
    sender = source.meta.sender if is_incoming else message.sender
    return MessageLine(
        id=str(message.id),
        sender=None if is_system or sender is None else _person(sender, _table(message)),
        sender_side="system" if is_system else "customer" if is_incoming else "business",
        sender_kind=_kind(message, is_system),
        message_type="system" if is_system else "text",
        content=_content(message),
        created_at=created,
        delivered_at=created if message.status in {"delivered", "read"} else None,
        read_at=_read_at(source, message, is_incoming=is_incoming),
        deleted_at=created if attributes.get("deleted") else None,
        reply_to=str(replied) if isinstance(replied, int) else None,
    )


def _table(message: ChatwootMessage) -> str:
    if message.message_type == _INCOMING:
        return "contact"
    return "bot" if message.sender is not None and message.sender.type in _BOTS else "agent"


def _kind(message: ChatwootMessage, is_system: bool) -> Any:
    if is_system:
        return "system"
    return "bot" if _table(message) == "bot" else "person"


def _content(message: ChatwootMessage) -> str:
    lines = [message.content or ""]
    lines += [
        f"{one.fallback_title or one.file_type or 'file'}: {one.data_url}"
        for one in message.attachments or ()
        if one.data_url
    ]
    return "\n".join(filter(None, lines))


def _read_at(source: ChatwootConversation, message: ChatwootMessage, *, is_incoming: bool) -> datetime | None:
    seen = source.agent_last_seen_at if is_incoming else source.contact_last_seen_at
    if seen and seen >= message.created_at:
        return _time(seen)
    return _time(message.created_at) if message.status == "read" else None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
