"""The heads of conversations: locked, changed and written back by whoever changes a conversation."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model

from chatsite.database.pg_arrays import booleans, numbers, texts, times, uuids
from chatsite.database.pg_types import column_type
from chatsite.database.pipeline import Rows, ask
from conversations.models import Business, Conversation

KNOWN: Final = 4_096  # businesses, and as many customers, that a process keeps


def lock_heads(ids: Collection[UUID]) -> dict[UUID, Conversation]:
    """Lock the conversations, in the order of their ids so that two batches cannot wait for each other.

    Business and customer are loaded, and not to be changed: the next one who asks gets the same objects.
    """
    return ask_heads(ids)()


def ask_heads(ids: Collection[UUID]) -> Callable[[], dict[UUID, Conversation]]:
    """As `lock_heads`, for a pipeline."""
    if connection.vendor != "postgresql":
        related = Conversation.objects.select_related("business", "customer")
        locked = {head.pk: head for head in related.filter(pk__in=ids).order_by("pk")}
        return lambda: locked
    sql, names = _heads_statement()
    rows = ask(sql, [uuids(ids)], binary=True)
    return lambda: _with_their_sides(names, rows())


@functools.cache
def _heads_statement() -> tuple[str, list[str]]:
    """The conversations' columns, which are named, and the versions of their businesses' and customers' rows."""
    fields = Conversation._meta.concrete_fields
    columns = [f'c."{field.column}"' for field in fields]
    users = get_user_model()._meta
    assert users.pk is not None
    sql = f"""
        SELECT {", ".join(columns)}, b.xmin, b.ctid, u.xmin, u.ctid FROM conversations_conversation c
        JOIN conversations_business b ON b.id = c.business_id
        JOIN "{users.db_table}" u ON u."{users.pk.column}" = c.customer_id
        WHERE c.id = ANY(%s::uuid[]) ORDER BY c.id FOR UPDATE OF c"""
    return sql, [field.attname for field in fields]


def _with_their_sides(names: list[str], rows: Rows) -> dict[UUID, Conversation]:
    heads: dict[UUID, Conversation] = {}
    businesses: Versions = {}
    customers: Versions = {}
    for *values, b_xmin, b_ctid, u_xmin, u_ctid in rows:
        head = Conversation.from_db(connection.alias, names, values)
        heads[head.id] = head
        businesses[head.business_id] = (b_xmin, b_ctid)
        customers[head.customer_id] = (u_xmin, u_ctid)
    found_businesses, found_customers = _businesses().find(businesses), _customers().find(customers)
    keep_business = Conversation.business.field.set_cached_value
    keep_customer = Conversation.customer.field.set_cached_value
    for head in heads.values():
        keep_business(head, found_businesses[head.business_id])
        keep_customer(head, found_customers[head.customer_id])
    return heads


Version: TypeAlias = tuple[Any, Any]
Versions: TypeAlias = dict[Any, Version]  # of rows, by primary key


class KnownRows:
    """Rows that seldom change, each kept with its version: making objects of them was a third of what a batch costs.

    The version is `xmin`, the transaction that wrote the row, and `ctid`, where it was written: a transaction may write
    a row twice (PostgreSQL manual, 5.6 "System Columns"). Any thread may ask.
    """

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        self._known: dict[Any, tuple[Version, Model]] = {}
        self._lock = threading.Lock()

    def find(self, versions: Versions) -> dict[Any, Any]:
        """The rows of these versions, or of later ones. What is not known is read, in one query."""
        found: dict[Any, Model] = {}
        for key, version in versions.items():
            known = self._known.get(key)
            if known is not None and known[0] == version:
                found[key] = known[1]
        missing = versions.keys() - found.keys()
        if missing:
            read = self._model._base_manager.in_bulk(missing)
            self._remember({key: (versions[key], row) for key, row in read.items()})
            found |= read
        return found

    def _remember(self, rows: dict[Any, tuple[Version, Model]]) -> None:
        with self._lock:
            self._known |= rows
            for key in list(self._known)[: max(0, len(self._known) - KNOWN)]:  # those that came first
                del self._known[key]


@functools.cache
def _businesses() -> KnownRows:
    return KnownRows(Business)


@functools.cache
def _customers() -> KnownRows:
    return KnownRows(get_user_model())


# What a change of a conversation may touch of its head, and what makes an array of it.
_HEAD: Final[dict[str, Callable[[list[Any]], str]]] = {
    "last_seq": numbers,
    "rev": numbers,
    "last_message": texts,
    "last_message_at": times,
    "active_at": times,
    "customer_unread": numbers,
    "business_unread": numbers,
    "customer_archived": booleans,
    "business_archived": booleans,
    "updated_at": times,
}


def save_heads(heads: Sequence[Conversation]) -> None:
    """Write back the heads that were locked and changed."""
    if connection.vendor != "postgresql":
        _save_heads_one_by_one(heads)
        return
    columns = [uuids([head.id for head in heads])]
    columns += [make(list(map(attrgetter(name), heads))) for name, make in _HEAD.items()]
    with connection.cursor() as cursor:
        cursor.execute(_save_statement(), columns)


@functools.cache
def _save_statement() -> str:
    arrays = ", ".join(f"%s::{column_type(Conversation, name)}[]" for name in _HEAD)
    return f"""
        UPDATE conversations_conversation c SET {", ".join(f"{name} = v.{name}" for name in _HEAD)}
        FROM unnest(%s::uuid[], {arrays}) AS v(id, {", ".join(_HEAD)}) WHERE c.id = v.id"""


def _save_heads_one_by_one(heads: Sequence[Conversation]) -> None:
    """On SQLite, where a statement costs little. Django's `bulk_update` was a fifth of the embedded server's work."""
    sql = f"""
        UPDATE conversations_conversation SET {", ".join(f"{name} = %s" for name in _HEAD)} WHERE id = %s"""
    by_name = {field.name: field for field in Conversation._meta.concrete_fields}
    fields = [by_name[name] for name in (*_HEAD, "id")]
    rows = [
        [field.get_db_prep_save(getattr(head, field.attname), connection) for field in fields]
        for head in heads
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
