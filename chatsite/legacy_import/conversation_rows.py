"""Makes, locks and saves the conversations of many conversations at once.

A batch of an import touches nearly as many conversations as it has rows, so here the rows are plain values and no
model instances, and PostgreSQL gets them by COPY into temporary tables, which it then joins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

from chatsite.legacy_import import bulk
from conversations.access import UserId
from conversations.models import Conversation
from notifications.models import Inbox

Pair = tuple[UUID, UserId]  # business, customer


@dataclass(slots=True)
class ConversationRow:
    """What an import or its undo reads and changes of a conversation. In the order of `_COLUMNS`."""

    id: UUID
    last_seq: int
    rev: int
    last_message: str
    last_message_at: datetime | None
    active_at: datetime
    customer_unread: int
    business_unread: int
    updated_at: datetime
    rewritten_rev: int
    business_id: UUID
    customer_id: UserId
    created_at: datetime

    @property
    def pair(self) -> Pair:
        return self.business_id, self.customer_id


_CHANGED: Final = (
    "last_seq",
    "rev",
    "last_message",
    "last_message_at",
    "active_at",
    "customer_unread",
    "business_unread",
    "updated_at",
    "rewritten_rev",
)
_COLUMNS: Final = ("id", *_CHANGED, "business_id", "customer_id", "created_at")
_values: Final = attrgetter(*_COLUMNS)
_TABLE: Final = Conversation._meta.db_table


def make_and_lock(first: Mapping[Pair, datetime]) -> tuple[list[ConversationRow], list[UUID]]:
    """The conversations of these pairs, locked in the order of their ids as every writer does, and the ids of those
    that were made, dated to the time that their pair comes with."""
    if connection.vendor == "postgresql":
        return _make_and_lock_joined(first)
    there = _find(first)
    made = [
        Conversation(pk=uuid7(), business_id=pair[0], customer_id=pair[1], created_at=at, active_at=at)
        for pair, at in first.items()
        if pair not in there
    ]
    # SQLite has one writer at a time, so nobody can come in between.
    Conversation.objects.bulk_create(made)
    return lock([*there.values(), *(row.pk for row in made)]), [row.pk for row in made]


def read(ids: Iterable[UUID]) -> list[ConversationRow]:
    """Conversations as they are, without a lock."""
    return [
        ConversationRow(*row) for row in Conversation.objects.filter(pk__in=list(ids)).values_list(*_COLUMNS)
    ]


def lock(ids: Iterable[UUID]) -> list[ConversationRow]:
    """Lock conversations by id, in that order."""
    rows = Conversation.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk")
    return [ConversationRow(*row) for row in rows.values_list(*_COLUMNS)]


def save(conversations: Sequence[ConversationRow]) -> None:
    """Write back what was changed of locked conversations."""
    if connection.vendor == "postgresql":
        _save_joined(conversations)
        return
    convert = [bulk.converter(Conversation, name) for name in (*_CHANGED, "id")]
    rows = [
        [to(getattr(conversation, name)) for to, name in zip(convert, (*_CHANGED, "id"), strict=True)]
        for conversation in conversations
    ]
    changes = ", ".join(f"{name} = %s" for name in _CHANGED)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {_TABLE} SET {changes} WHERE id = %s", rows)


def save_inboxes(inboxes: Sequence[Inbox]) -> None:
    """Write back the numbers of locked inboxes."""
    convert = bulk.converter(Inbox, "user_id")
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Inbox._meta.db_table} SET rev = %s, pruned_rev = %s WHERE user_id = %s",
            [(inbox.rev, inbox.pruned_rev, convert(inbox.pk)) for inbox in inboxes],
        )


def _find(pairs: Mapping[Pair, datetime]) -> dict[Pair, UUID]:
    # The query finds more than the pairs where a customer talks to several of the businesses.
    found = Conversation.objects.filter(
        business_id__in={business for business, _ in pairs},
        customer_id__in={customer for _, customer in pairs},
    )
    rows = found.order_by().values_list("business_id", "customer_id", "pk")
    return {(business, customer): pk for business, customer, pk in rows if (business, customer) in pairs}


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _make_and_lock_joined(first: Mapping[Pair, datetime]) -> tuple[list[ConversationRow], list[UUID]]:
    names = ("id", "business_id", "customer_id", "created_at")
    keys = _temporary("legacy_pairs", names, [(uuid7(), *pair, at) for pair, at in first.items()])
    same_pair = "c.business_id = p.business_id AND c.customer_id = p.customer_id"
    with connection.cursor() as cursor:
        columns, values, constants = _new_columns()
        cursor.execute(
            f"INSERT INTO {_TABLE} ({columns}) SELECT {values} FROM {keys} p "
            f"WHERE NOT EXISTS (SELECT 1 FROM {_TABLE} c WHERE {same_pair}) ON CONFLICT DO NOTHING RETURNING id",
            constants,
        )
        made = [row[0] for row in cursor.fetchall()]
        selected = ", ".join(f"c.{name}" for name in _COLUMNS)
        cursor.execute(
            f"SELECT {selected} FROM {keys} p JOIN {_TABLE} c ON {same_pair} ORDER BY c.id FOR UPDATE OF c"
        )
        return [ConversationRow(*row) for row in cursor.fetchall()], made


def _new_columns() -> tuple[str, str, list[Any]]:
    """Columns of a new conversation and where each comes from: the pair, or the model's default."""
    given = {
        "id": "p.id",
        "business_id": "p.business_id",
        "customer_id": "p.customer_id",
        "created_at": "p.created_at",
        "active_at": "p.created_at",
    }
    blank = Conversation()
    columns, values, constants = [], [], []
    for field in Conversation._meta.local_concrete_fields:
        column = str(field.column)
        columns.append(column)
        values.append(given.get(column, "%s"))
        if column not in given:
            constants.append(getattr(blank, field.attname))
    return ", ".join(columns), ", ".join(values), constants


def _save_joined(conversations: Sequence[ConversationRow]) -> None:
    changed = _temporary("legacy_conversations", _COLUMNS, [_values(row) for row in conversations])
    changes = ", ".join(f"{name} = v.{name}" for name in _CHANGED)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {_TABLE} c SET {changes} FROM {changed} v WHERE c.id = v.id")


def _temporary(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Fill a temporary table, with columns of the conversations' types, and answer its name. Empty after the commit."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS "
            f"SELECT {names} FROM {_TABLE} WITH NO DATA"
        )
        cursor.execute(f"TRUNCATE {name}")
        with cast(Any, cursor).cursor.copy(f"COPY {name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    return name
