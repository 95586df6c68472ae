"""SQL of messages, with a fixed number of statements for any number of messages.

PostgreSQL takes whole columns as arrays (`unnest`), which is much faster than the ORM's `bulk_create`. SQLite runs in
the process, where a statement costs no round trip, so the ORM and `executemany` are fast enough there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, Final
from uuid import UUID

from django.db import connection

from chatsite.database.bulk_insert import converter
from chatsite.database.pg_arrays import array, texts, uuids
from chatsite.database.pg_types import array_maker, column_type, unnested
from chatsite.database.pipeline import Later, ask, ask_rows, tell
from conversations.access import UserId
from conversations.attachment_objects import attachments_as_json, stored_from_object
from conversations.columns import MESSAGES, Written
from conversations.models import ChatMessage
from conversations.serializers import MessageObject, messages_from_rows
from conversations.writing.conversation_sql import prepared_rows

ClientKey = tuple[UUID, UserId, str]  # conversation, sender, the client's id


@dataclass(slots=True)
class Stamp:
    """The new status of one message, from a receipt."""

    id: UUID
    rev: int
    status: str
    delivered_at: datetime
    read_at: datetime | None


def ask_sent(keys: Sequence[ClientKey]) -> Callable[[], dict[ClientKey, MessageObject]]:
    """Read the messages that were stored with these client ids."""
    if not keys:
        return dict
    columns = ", ".join(f"m.{name}" for name in MESSAGES.names)
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
        rows = ask_rows(ChatMessage.objects.filter(pk__in=found).order_by().values_list(*MESSAGES.names))

    def read() -> dict[ClientKey, MessageObject]:
        found = rows()
        return dict(zip(map(_client_key, found), messages_from_rows(found), strict=True))

    return read


_client_key: Final = itemgetter(*map(MESSAGES.names.index, ("conversation_id", "sender_id", "client_id")))


def _ids_of_sent(keys: Sequence[ClientKey]) -> list[UUID]:
    """Return the ids of the messages on SQLite. The keys come first in the join, so that each uses the index."""
    listed = ", ".join(["(%s, %s, %s)"] * len(keys))
    sql = f"""
        WITH k(conversation, sender, client) AS (VALUES {listed})
        SELECT m.id FROM k CROSS JOIN conversations_chatmessage m
          ON m.conversation_id = k.conversation AND m.sender_id = k.sender AND m.client_id = k.client"""
    sender_value = converter(ChatMessage, "sender_id")
    values = [
        value
        for conversation, sender, client in keys
        for value in (conversation.hex, sender_value(sender), client)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [UUID(row[0]) for row in cursor.fetchall()]


def ask_places(ids: Collection[UUID]) -> Callable[[], set[tuple[UUID, UUID]]]:
    """Read the conversations of these messages, as pairs of conversation and message."""
    if not ids:
        return set
    rows = ask_rows(ChatMessage.objects.filter(pk__in=ids).order_by().values_list("conversation_id", "pk"))
    return lambda: {(row[0], row[1]) for row in rows()}


NewMessage = tuple[MessageObject, UserId]  # the message, and the sender's primary key

_INSERTED: Final = MESSAGES.written_by(Written.SEND)
_new_values: Final = attrgetter(*(MESSAGES.field_of[name] for name in _INSERTED))
_SENDER: Final = _INSERTED.index("sender_id")
_ATTACHMENTS: Final = _INSERTED.index("attachments")
_VIA: Final = _INSERTED.index("via")
_STAMPED: Final = (*MESSAGES.written_by(Written.RECEIPT), "id")
_stamp_values: Final = attrgetter(*_STAMPED)
_CHANGED: Final = (*MESSAGES.written_by(Written.CHANGE), "id")
_changed_values: Final = attrgetter(*_CHANGED)


def insert_messages(messages: Sequence[NewMessage]) -> None:
    """Insert new messages with the status `sent`."""
    rows = [_new_row(*new) for new in messages]
    if connection.vendor != "postgresql":
        ChatMessage.objects.bulk_create(ChatMessage(**dict(zip(_INSERTED, row, strict=True))) for row in rows)
        return
    sql = f"""
        INSERT INTO {MESSAGES.database_name} ({", ".join(_INSERTED)}, status)
        SELECT *, 'sent' FROM {unnested(ChatMessage, _INSERTED)}"""
    tell(sql, _arrays(_INSERTED, rows))


def _new_row(message: MessageObject, sender_id: UserId) -> tuple[Any, ...]:
    row = list(_new_values(message))
    row[_SENDER] = sender_id
    row[_VIA] = row[_VIA] or ""
    row[_ATTACHMENTS] = attachments_as_json([stored_from_object(one) for one in row[_ATTACHMENTS]])
    return tuple(row)


def stamp_messages(stamps: Sequence[Stamp]) -> None:
    """Write the receipts of many messages."""
    _update(_STAMPED, [_stamp_values(stamp) for stamp in stamps])


def update_messages(messages: Sequence[ChatMessage]) -> None:
    """Update messages: every column that a change may set, except those of receipts."""
    _update(_CHANGED, [_changed_values(message) for message in messages])


def _update(names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Update these columns. The last one is the id."""
    changed = names[:-1]
    if connection.vendor == "postgresql":
        sql = f"""
            UPDATE {MESSAGES.database_name} m SET {", ".join(f"{name} = v.{name}" for name in changed)}
            FROM {unnested(ChatMessage, names)} AS v({", ".join(names)}) WHERE m.id = v.id"""
        tell(sql, _arrays(names, rows))
        return
    sql = f"UPDATE {MESSAGES.database_name} SET {', '.join(f'{name} = %s' for name in changed)} WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, prepared_rows(ChatMessage, names, rows))


def _arrays(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    return [
        array_maker(ChatMessage, name)(column)
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    ]


@dataclass(slots=True)
class Unread:
    """A message whose status a receipt may change."""

    id: UUID
    sender_side: str
    status: str
    delivered_at: datetime | None
    seq: int


UnreadMessages = dict[UUID, dict[UUID, Unread]]  # by conversation and message id, in the order of `seq`


def ask_unread(ids: Collection[UUID], conversations: Collection[UUID]) -> Callable[[], UnreadMessages]:
    """Read the unread messages among these ids, and all unread messages of these conversations."""
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
        for conversation_id, *message in sorted(rows, key=itemgetter(5)):
            found.setdefault(conversation_id, {})[message[0]] = Unread(*message)
        return found

    return read
