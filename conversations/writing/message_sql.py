"""The set-based SQL of the writer: a fixed number of statements for any number of messages.

PostgreSQL takes whole columns as arrays (`unnest`), which beats the ORM's `bulk_create` by far over the whole path.
SQLite is in the process, where a statement costs no round trip; there the ORM and `executemany` do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from chatsite.database.pg_arrays import array, numbers, texts, times, uuids
from chatsite.database.pg_types import column_type
from chatsite.database.pipeline import Later, ask, ask_rows
from conversations.access import UserId
from conversations.models import ChatMessage
from conversations.serializers import MESSAGE_COLUMNS, MessageObject, message_from_row

ClientKey = tuple[UUID, UserId, str]  # conversation, sender, the client's id


@dataclass(slots=True)
class Stamp:
    """What a receipt does to one message."""

    message_id: UUID
    rev: int
    status: str
    delivered_at: datetime
    read_at: datetime | None


def ask_sent(keys: Sequence[ClientKey]) -> Callable[[], dict[ClientKey, MessageObject]]:
    """The messages that were stored under these client ids before."""
    if not keys:
        return dict
    columns = ", ".join(f"m.{name}" for name in MESSAGE_COLUMNS)
    if connection.vendor == "postgresql":
        user_type = column_type(ChatMessage, "sender_id")
        sql = f"""
            SELECT {columns} FROM unnest(%s::uuid[], %s::{user_type}[], %s::text[]) AS k(conversation, sender, client)
            JOIN conversations_chatmessage m
              ON m.conversation_id = k.conversation AND m.sender_id = k.sender AND m.client_id = k.client"""
        conversations, senders, clients = zip(*keys, strict=True)
        rows = ask(sql, [uuids(conversations), array(senders), texts(clients)])
    else:
        found = _ids_of_sent(keys)
        if not found:
            return dict
        rows = ask_rows(ChatMessage.objects.filter(pk__in=found).order_by().values_list(*MESSAGE_COLUMNS))
    return lambda: {(row[1], row[4], row[6]): message_from_row(row) for row in rows()}


def _ids_of_sent(keys: Sequence[ClientKey]) -> list[UUID]:
    """On SQLite. The keys come first, so that each is looked up in the index; nearly always there is nothing."""
    listed = ", ".join(["(%s, %s, %s)"] * len(keys))
    sql = f"""
        WITH k(conversation, sender, client) AS (VALUES {listed})
        SELECT m.id FROM k CROSS JOIN conversations_chatmessage m
          ON m.conversation_id = k.conversation AND m.sender_id = k.sender AND m.client_id = k.client"""
    values = [value for conversation, sender, client in keys for value in (conversation.hex, sender, client)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [UUID(row[0]) for row in cursor.fetchall()]


def ask_places(ids: Collection[UUID]) -> Callable[[], set[tuple[UUID, UUID]]]:
    """The conversations that these messages are in, as pairs of conversation and message."""
    if not ids:
        return set
    rows = ask_rows(ChatMessage.objects.filter(pk__in=ids).order_by().values_list("conversation_id", "pk"))
    return lambda: {(row[0], row[1]) for row in rows()}


# What an insert gives, in this order; all other columns of a new message are null.
_INSERTED = (
    "id",
    "conversation_id",
    "seq",
    "rev",
    "sender_id",
    "sender_side",
    "client_id",
    "content",
    "message_type",
    "reply_to_id",
    "created_at",
)
NewMessage = tuple[MessageObject, UserId]  # and its sender's key, which on the wire is a string


def insert_messages(messages: Sequence[NewMessage]) -> None:
    """Insert new messages."""
    new = [message for message, _ in messages]
    senders = [sender_id for _, sender_id in messages]
    if connection.vendor != "postgresql":
        ChatMessage.objects.bulk_create(
            ChatMessage(**dict(zip(_INSERTED, _inserted(message, sender_id), strict=True)))
            for message, sender_id in messages
        )
        return
    types = [column_type(ChatMessage, name) for name in _INSERTED]
    arrays = ", ".join(f"%s::{type_}[]" for type_ in types)
    sql = f"""
        INSERT INTO conversations_chatmessage ({", ".join(_INSERTED)}, status)
        SELECT *, 'sent' FROM unnest({arrays})"""
    columns = [
        uuids([message.id for message in new]),
        uuids([message.conversation_id for message in new]),
        numbers([message.seq for message in new]),
        numbers([message.rev for message in new]),
        array(senders),
        texts([message.sender_side for message in new]),
        array([message.client_id for message in new]),
        texts([message.content for message in new]),
        texts([message.message_type for message in new]),
        array([message.reply_to for message in new]),
        times([message.created_at for message in new]),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, columns)


def _inserted(message: MessageObject, sender_id: UserId) -> tuple[Any, ...]:
    return (
        message.id,
        message.conversation_id,
        message.seq,
        message.rev,
        sender_id,
        message.sender_side,
        message.client_id,
        message.content,
        message.message_type,
        message.reply_to,
        message.created_at,
    )


def stamp_messages(stamps: Sequence[Stamp]) -> None:
    """Write receipts: status, times and rev of many messages at once."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = """
                UPDATE conversations_chatmessage m SET rev = v.rev, status = v.status,
                  delivered_at = v.delivered_at, read_at = v.read_at
                FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])
                  AS v(id, rev, status, delivered_at, read_at) WHERE m.id = v.id"""
            columns = [
                uuids([stamp.message_id for stamp in stamps]),
                numbers([stamp.rev for stamp in stamps]),
                texts([stamp.status for stamp in stamps]),
                times([stamp.delivered_at for stamp in stamps]),
                times([stamp.read_at for stamp in stamps]),
            ]
            cursor.execute(sql, columns)
            return
        adapt = connection.ops.adapt_datetimefield_value
        cursor.executemany(
            "UPDATE conversations_chatmessage SET rev = %s, status = %s, delivered_at = %s, read_at = %s WHERE id = %s",
            [(s.rev, s.status, adapt(s.delivered_at), adapt(s.read_at), s.message_id.hex) for s in stamps],
        )


@dataclass(slots=True)
class Unread:
    """A message that a receipt may move."""

    id: UUID
    sender_side: str
    status: str
    delivered_at: datetime | None


UnreadMessages = dict[UUID, dict[UUID, Unread]]  # by conversation and id, by `seq`


def ask_unread(ids: Collection[UUID], conversations: Collection[UUID]) -> Callable[[], UnreadMessages]:
    """What is not read of these messages and of these whole conversations."""
    asked: list[Later] = []
    for column, keys in (("id", ids), ("conversation_id", conversations)):
        if not keys:
            continue
        if connection.vendor == "postgresql":
            sql = f"""
                SELECT conversation_id, id, sender_side, status, delivered_at, seq FROM conversations_chatmessage
                WHERE {column} = ANY(%s::uuid[]) AND status <> 'read' AND deleted_at IS NULL AND hidden_at IS NULL"""
            asked.append(ask(sql, [uuids(keys)], binary=True))
        else:
            unread = ChatMessage.objects.exclude(status="read").filter(deleted_at=None, hidden_at=None)
            named = unread.filter(**{f"{column}__in": keys}).order_by()
            columns = ("conversation_id", "id", "sender_side", "status", "delivered_at", "seq")
            asked.append(ask_rows(named.values_list(*columns)))

    def read() -> UnreadMessages:
        found: UnreadMessages = {}
        rows = [row for rows in asked for row in rows()]
        for conversation_id, *message, _ in sorted(rows, key=itemgetter(5)):
            found.setdefault(conversation_id, {})[message[0]] = Unread(*message)
        return found

    return read
