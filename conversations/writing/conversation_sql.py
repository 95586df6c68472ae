"""SQL to lock conversations and to update them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model

from chatsite.database.pg_arrays import uuids
from chatsite.database.pg_types import array_maker, unnested
from chatsite.database.pipeline import ask, tell
from chatsite.database.round_trip import Rows
from conversations.columns import CONVERSATIONS, Written
from conversations.models import Business, Conversation

_ALL: Final = tuple(field.attname for field in Conversation._meta.concrete_fields)
KNOWN: Final = 4_096  # businesses, and as many customers, that a process caches


def lock_conversations(ids: Collection[UUID]) -> dict[UUID, Conversation]:
    """Lock the conversations in the order of their ids, so that two transactions cannot block each other.

    Business and customer are loaded. Do not change these objects, because other threads use them too.
    """
    return ask_locks(ids)()


def ask_locks(ids: Collection[UUID], *, with_people: bool = True) -> Callable[[], dict[UUID, Conversation]]:
    """Like `lock_conversations`, in a pipeline. Call the result to read the rows.

    Without `with_people`, business and customer are not loaded.
    """
    if connection.vendor != "postgresql":
        related = (
            Conversation.objects.select_related("business", "customer")
            if with_people
            else Conversation.objects.all()
        )
        locked = {row.pk: row for row in related.filter(pk__in=ids).order_by("pk")}
        return lambda: locked
    rows = ask(_lock_statement(), [uuids(ids)], binary=True)
    return lambda: _conversations(rows(), with_people)


@functools.cache
def _lock_statement() -> str:
    """Select all columns for `Model.from_db`, and the versions of the rows of business and customer."""
    users = get_user_model()._meta
    assert users.pk is not None
    columns = ", ".join(f"c.{name}" for name in _ALL)
    return f"""
        SELECT {columns}, b.xmin, b.ctid, u.xmin, u.ctid FROM {CONVERSATIONS.database_name} c
        JOIN {Business._meta.db_table} b ON b.id = c.business_id
        JOIN "{users.db_table}" u ON u."{users.pk.column}" = c.customer_id
        WHERE c.id = ANY(%s::uuid[]) ORDER BY c.id FOR UPDATE OF c"""


def _conversations(rows: Rows, with_people: bool) -> dict[UUID, Conversation]:
    conversations: dict[UUID, Conversation] = {}
    businesses: Versions = {}
    customers: Versions = {}
    for *values, b_xmin, b_ctid, u_xmin, u_ctid in rows:
        conversation = Conversation.from_db(connection.alias, _ALL, values)
        conversations[conversation.id] = conversation
        businesses[conversation.business_id] = (b_xmin, b_ctid)
        customers[conversation.customer_id] = (u_xmin, u_ctid)
    if with_people:
        _set_people(conversations.values(), businesses, customers)
    return conversations


def _set_people(conversations: Iterable[Conversation], businesses: Versions, customers: Versions) -> None:
    """Set business and customer. Unchanged rows come from the caches."""
    found_businesses, found_customers = _businesses().find(businesses), _customers().find(customers)
    set_business = Conversation.business.field.set_cached_value
    set_customer = Conversation.customer.field.set_cached_value
    for conversation in conversations:
        set_business(conversation, found_businesses[conversation.business_id])
        set_customer(conversation, found_customers[conversation.customer_id])


Version: TypeAlias = tuple[Any, Any]
Versions: TypeAlias = dict[Any, Version]  # of rows, by primary key


class RowCache:
    """A cache of model objects that seldom change. Creating them took a third of the time of a batch.

    The version of a row is its `xmin`, the transaction that wrote it, together with its `ctid`, because a transaction
    may write a row twice (PostgreSQL manual, 5.6 "System Columns"). The cache is thread-safe.
    """

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        self._known: dict[Any, tuple[Version, Model]] = {}
        self._lock = threading.Lock()

    def find(self, versions: Versions) -> dict[Any, Any]:
        """Return the rows in these versions or later ones. One query reads the rows that are not cached."""
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
            for key in list(self._known)[: max(0, len(self._known) - KNOWN)]:  # the oldest
                del self._known[key]


@functools.cache
def _businesses() -> RowCache:
    return RowCache(Business)


@functools.cache
def _customers() -> RowCache:
    return RowCache(get_user_model())


_CHANGED: Final = CONVERSATIONS.written_by(Written.CHANGE)
_changed_values: Final = attrgetter(*_CHANGED, "id")


def update_conversations(conversations: Sequence[Conversation]) -> None:
    """Update locked conversations: every column that a change may set."""
    rows = [_changed_values(conversation) for conversation in conversations]
    if connection.vendor == "postgresql":
        names = (*_CHANGED, "id")
        arrays = [
            array_maker(Conversation, name)(column)
            for name, column in zip(names, zip(*rows, strict=True), strict=True)
        ]
        tell(_update_statement(), arrays)
        return
    # On SQLite a statement is cheap. Django's `bulk_update` took a fifth of the time of the embedded server.
    sql = f"UPDATE {CONVERSATIONS.database_name} SET {', '.join(f'{name} = %s' for name in _CHANGED)} WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, prepared_rows(Conversation, (*_CHANGED, "id"), rows))


@functools.cache
def _update_statement() -> str:
    names = (*_CHANGED, "id")
    return f"""
        UPDATE {CONVERSATIONS.database_name} c SET {", ".join(f"{name} = v.{name}" for name in _CHANGED)}
        FROM {unnested(Conversation, names)} AS v({", ".join(names)}) WHERE c.id = v.id"""


def prepared_rows(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Convert rows of columns for the database driver. Not needed for PostgreSQL's arrays."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    fields = [by_name[name] for name in names]
    return [
        [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
        for row in rows
    ]
