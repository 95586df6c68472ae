"""Rows of conversations with their business and customer, without a query for people that a process knows."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model

from chatsite.database.pg_arrays import uuids
from chatsite.database.pipeline import Later, ask
from conversations.columns import CONVERSATIONS
from conversations.models import Business, Conversation, TeamState
from conversations.team_revs import remember_team_rev, with_team_revs

_ALL: Final = tuple(field.attname for field in Conversation._meta.concrete_fields)
KNOWN: Final = 4_096  # businesses, and as many customers, that a process caches


def ask_conversation_rows(
    ids: Collection[UUID], *, lock: bool = False, with_people: bool = True
) -> Callable[[], dict[UUID, Conversation]]:
    """Read conversations in a pipeline. Call the result to get them by id.

    With `lock`, their rows are locked in the order of their ids; otherwise they have their `teamRev`. With
    `with_people`, business and customer are loaded. Do not change these two, because other threads use them too.
    """
    if not ids:
        return dict
    if connection.vendor != "postgresql":
        rows = Conversation.objects.filter(pk__in=ids).order_by("pk")
        rows = rows.select_related("business", "customer") if with_people else rows
        found = {row.pk: row for row in (rows if lock else with_team_revs(rows))}
        return lambda: found
    asked = ask(_statement(lock, with_people), [uuids(ids)], binary=True)
    return lambda: _conversations(asked, lock, with_people)


@functools.cache
def _statement(lock: bool, with_people: bool) -> str:
    """Select all columns for `Model.from_db`, the `teamRev`, and the versions of the rows of business and customer."""
    users = get_user_model()._meta
    assert users.pk is not None
    columns = ", ".join(f"c.{name}" for name in _ALL)
    # The rows of another table may be older than a lock that was waited for, so a change reads the state on its own.
    team_rev = "0" if lock else "coalesce(t.team_rev, 0)"
    state = "" if lock else f"LEFT JOIN {TeamState._meta.db_table} t ON t.conversation_id = c.id"
    versions = "b.xmin, b.ctid, u.xmin, u.ctid" if with_people else "NULL, NULL, NULL, NULL"
    people = f"""
        JOIN {Business._meta.db_table} b ON b.id = c.business_id
        JOIN "{users.db_table}" u ON u."{users.pk.column}" = c.customer_id"""
    return f"""
        SELECT {columns}, {team_rev}, {versions} FROM {CONVERSATIONS.database_name} c
        {state} {people if with_people else ""}
        WHERE c.id = ANY(%s::uuid[]) ORDER BY c.id {"FOR UPDATE OF c" if lock else ""}"""


def _conversations(asked: Later, lock: bool, with_people: bool) -> dict[UUID, Conversation]:
    conversations: dict[UUID, Conversation] = {}
    businesses: Versions = {}
    customers: Versions = {}
    for *values, team_rev, b_xmin, b_ctid, u_xmin, u_ctid in asked():
        conversation = Conversation.from_db(connection.alias, _ALL, values)
        if not lock:
            remember_team_rev(conversation, team_rev)
        conversations[conversation.id] = conversation
        businesses[conversation.business_id] = (b_xmin, b_ctid)
        customers[conversation.customer_id] = (u_xmin, u_ctid)
    return _with_people(conversations, businesses, customers) if with_people else conversations


def _with_people(
    conversations: dict[UUID, Conversation], businesses: Versions, customers: Versions
) -> dict[UUID, Conversation]:
    """Set business and customer. Unchanged rows come from the caches.

    A conversation is left out if one of the two has been deleted since its row was read, because it is deleted too.
    """
    found_businesses, found_customers = _businesses().find(businesses), _customers().find(customers)
    set_business = Conversation.business.field.set_cached_value
    set_customer = Conversation.customer.field.set_cached_value
    complete: dict[UUID, Conversation] = {}
    for key, conversation in conversations.items():
        business = found_businesses.get(conversation.business_id)
        customer = found_customers.get(conversation.customer_id)
        if business is not None and customer is not None:
            set_business(conversation, business)
            set_customer(conversation, customer)
            complete[key] = conversation
    return complete


Version: TypeAlias = tuple[Any, Any]
Versions: TypeAlias = dict[Any, Version]  # of rows, by primary key


class RowCache:
    """A cache of model objects that seldom change. Creating them took a third of the time of a batch.

    The version of a row is its `xmin`, the transaction that wrote it, together with its `ctid`, because a transaction
    may write a row twice (PostgreSQL manual, 5.6 "System Columns"). The cache is thread-safe. It keeps no objects of a
    model that inherits a table, because the row of the other table has a version of its own.
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
        if self._model._meta.parents:
            return
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
