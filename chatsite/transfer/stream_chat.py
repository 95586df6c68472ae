"""Read a channel export of Stream Chat, one channel a line: `jq -c '.channels[]' export.json`.

Stream's export names no customer: it is the one member of the channel who does not belong to the business. Files are
only addresses there, so they become lines of the message's content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

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


class StreamUser(msgspec.Struct):
    id: str
    name: str = ""
    email: str = ""


class StreamAttachment(msgspec.Struct):
    title: str | None = None
    fallback: str | None = None
    asset_url: str | None = None
    image_url: str | None = None
    og_scrape_url: str | None = None  # of a preview of a link that the text has


class StreamMessage(msgspec.Struct):
    id: str
    created_at: datetime
    text: str | None = ""
    type: str = "regular"
    user: StreamUser | None = None
    message_text_updated_at: datetime | None = None
    deleted_at: datetime | None = None
    parent_id: str | None = None
    quoted_message_id: str | None = None
    attachments: list[StreamAttachment] | None = None
    latest_reactions: list[Any] | None = None


class StreamMember(msgspec.Struct):
    user_id: str | None = None
    user: StreamUser | None = None


class StreamRead(msgspec.Struct):
    user: StreamUser
    last_read: datetime


class StreamIdentity(msgspec.Struct):
    id: str
    type: str = "messaging"


class StreamChannel(msgspec.Struct):
    """A channel of the export. Fields that this site has no use for are passed over."""

    channel: StreamIdentity
    messages: list[StreamMessage] | None = None
    members: list[StreamMember] | None = None
    read: list[StreamRead] | None = None
    reads: list[StreamRead] | None = None


_decode = msgspec.json.Decoder(StreamChannel).decode


def read(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yield the messages of each channel in the order of time."""
    for number, text in enumerate(lines, start=1):
        try:
            records = list(_records(_decode(text), number))
        except (ValueError, OverflowError) as error:  # not JSON, not UTF-8, or another form
            yield Broken(str(error), number)
        else:
            yield from records


def _records(channel: StreamChannel, number: int) -> Iterator[Record]:
    conversation = ConversationLine(id=f"{channel.channel.type}:{channel.channel.id}")
    members = tuple(person for member in channel.members or () if (person := _member(member)) is not None)
    reads = [*(channel.read or ()), *(channel.reads or ())]
    for message in sorted(channel.messages or (), key=lambda one: _utc(one.created_at)):
        if message.type in {"ephemeral", "error"}:
            yield LeftOut(f"{message.type} message", number)
            continue
        for _ in message.latest_reactions or ():
            yield LeftOut("reaction", number)
        yield Found(conversation, _message(message, reads), members, number)


def _member(member: StreamMember) -> SourcePerson | None:
    if member.user is not None:
        return _person(member.user)
    return None if member.user_id is None else SourcePerson(id=member.user_id)


def _person(user: StreamUser) -> SourcePerson:
    return SourcePerson(id=user.id, username=user.id, email=user.email, name=user.name)


def _message(message: StreamMessage, reads: list[StreamRead]) -> MessageLine:
    created = _utc(message.created_at)
    is_system = message.type == "system"
    return MessageLine(
        id=message.id,
        sender=None if message.user is None or is_system else _person(message.user),
        sender_side="system" if is_system else None,
        message_type="system" if is_system else "text",
        content=_content(message),
        created_at=created,
        read_at=_read_at(message, reads),
        edited_at=_utc_or_none(message.message_text_updated_at),
        deleted_at=_utc_or_none(message.deleted_at) or (created if message.type == "deleted" else None),
        reply_to=message.quoted_message_id or message.parent_id,
    )


def _content(message: StreamMessage) -> str:
    lines = [message.text or ""]
    for one in message.attachments or ():
        address = one.asset_url or one.image_url
        if address and not one.og_scrape_url:
            lines.append(f"{one.title or one.fallback or 'File'}: {address}")
    return "\n".join(filter(None, lines))


def _read_at(message: StreamMessage, reads: list[StreamRead]) -> datetime | None:
    """Return when somebody else has read it. Without marks of reading it counts as read, because it is history."""
    sender = None if message.user is None else message.user.id
    created = _utc(message.created_at)
    if not reads:
        return created
    seen = [_utc(one.last_read) for one in reads if one.user.id != sender]
    return min((at for at in seen if at >= created), default=None)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _utc_or_none(at: datetime | None) -> datetime | None:
    return None if at is None else _utc(at)
