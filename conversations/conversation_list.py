"""The list of a user's conversations, newest activity first, by pages."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, Value
from django.db.models.expressions import RawSQL

from chatsite.database.pg_arrays import uuids
from chatsite.database.pipeline import ask, pipelined
from chatsite.database.text_folding import matches_any
from chatsite.http.byte_budget import ByteBudget
from chatsite.identity.names import search_fields
from conversations import access
from conversations.access import UserId, object_key
from conversations.conversation_rows import ask_conversation_rows
from conversations.list_cursor import ListCursor, neighbours
from conversations.models import Conversation, Side
from conversations.own_objects import ask_own_states, marked_by, personal_objects, pinned_by
from conversations.search.query_terms import split_query
from conversations.serializers import ConversationObject

SEARCH_WORDS: Final = 5  # words and quoted parts of a search that are used; each adds a condition
# Each of so many businesses has its own part of the statement. More of them share one, because PostgreSQL takes 65,535
# parameters at most, and SQLite 500 parts.
SEPARATE_BUSINESSES: Final = 3


@dataclass
class ConversationPage:
    conversations: list[ConversationObject]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Filters:
    """`unread` filters by the user's unread count, `pinned` by the user's own pins.

    `search` matches names of the other side and previews. It reads the newest conversations until the page is full.
    `team` filters by what the team has set, which only members can see, so it leaves out the user's own conversations.
    """

    archived: bool | None = None
    unread: bool | None = None
    pinned: bool | None = None
    business_id: str | None = None
    search: str = ""
    team: Q | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the SQL depends on no text that somebody typed."""
        return not self.search and self.team is None

    @property
    def shape(self) -> Filters:
        """What the SQL depends on: not on the business, but on whether there is one."""
        return self if self.business_id is None else replace(self, business_id="")


def conversation_page(
    user_id: UserId,
    *,
    limit: int,
    cursor: str | None = None,
    filters: Filters = Filters(),
    actor: access.Actor | None = None,
) -> ConversationPage:
    """Return a page of the list. Runs five queries at most, each over an index. `actor` is the user, if loaded."""
    at = ListCursor.decoded(cursor) if cursor else None
    businesses = (actor or access.load_actor(user_id)).businesses
    keys = _first_keys(user_id, _scopes(user_id, businesses, filters), filters, at, limit + 1)
    more, keys = len(keys) > limit, keys[:limit]
    objects, rows = _objects_of(user_id, [key for key, _ in keys])
    if len(objects) < rows:
        more, keys = True, keys[: [key for key, _ in keys].index(objects[-1].id) + 1]
    if at is not None and at.back:
        keys, objects = keys[::-1], objects[::-1]
    return ConversationPage(objects, *neighbours(keys, at, more=more))


def _objects_of(user_id: UserId, keys: list[UUID]) -> tuple[list[ConversationObject], int]:
    """Return as many of the conversations as fit into an answer, in this order, and how many there are."""
    with pipelined():
        read_rows, read_states = ask_conversation_rows(keys), ask_own_states(user_id, keys)
        found = read_rows()
        seen = [(row, _side_of(user_id, row)) for key in keys if (row := found.get(key)) is not None]
        return ByteBudget().take_first(personal_objects(user_id, seen, read_states)), len(seen)


def _side_of(user_id: UserId, conversation: Conversation) -> Side:
    return Side.CUSTOMER if conversation.customer_id == user_id else Side.BUSINESS


# --- The first rows ---------------------------------------------------------------------------------------------------


class _Scope(NamedTuple):
    """Conversations in which the user is on this side: the user's own as a customer, or those of businesses."""

    side: str
    owner: UserId | UUID | list[UUID]

    @property
    def is_shared(self) -> bool:
        """Whether this is the one scope of many businesses."""
        return isinstance(self.owner, list)


def _scopes(user_id: UserId, businesses: set[UUID], filters: Filters) -> list[_Scope]:
    wanted = businesses
    if filters.business_id is not None:
        wanted = businesses & {object_key(filters.business_id, "business")}
    as_customer = [_Scope(Side.CUSTOMER.value, user_id)] if filters.team is None else []
    keys = sorted(wanted)
    owners = keys if len(keys) <= SEPARATE_BUSINESSES else [keys]
    return [*as_customer, *(_Scope(Side.BUSINESS.value, owner) for owner in owners)]


class _Slot:
    """Stands for a value where a statement is compiled."""

    def __init__(self, column: str) -> None:
        self.field: Any = Conversation._meta.get_field(column)

    def filled(self, value: Any) -> Any:
        if not isinstance(value, list):
            return self.field.get_db_prep_value(value, connection)
        return uuids(value) if connection.vendor == "postgresql" else json.dumps([key.hex for key in value])


_READER, _LIMIT = _Slot("customer"), _Slot("last_seq")
_OWNERS: Final = {Side.CUSTOMER.value: _Slot("customer"), Side.BUSINESS.value: _Slot("business")}
_BUSINESS, _ACTIVE_AT, _ID = _Slot("business"), _Slot("active_at"), _Slot("id")


def _first_keys(
    user_id: UserId, scopes: list[_Scope], filters: Filters, at: ListCursor | None, limit: int
) -> list[tuple[UUID, datetime]]:
    """Return the ids of the first rows of all scopes after the cursor, in one statement.

    An OR of the scopes would sort all rows. So each customer and each business reads its first rows from its own index,
    and only their union is sorted.
    """
    if not scopes:
        return []
    back = None if at is None else at.back
    branch = _known_branch if filters.is_plain else _branch
    has_marks = filters.unread is not None and marked_by(user_id).exists()
    values = _values(user_id, filters, at, limit)
    branches: list[str] = []
    parameters: list[Any] = []
    for scope in scopes:
        sql, places = branch(scope.side, scope.is_shared, filters.shape, back, has_marks)
        branches.append(sql)
        parameters += _filled(places, {**values, _OWNERS[scope.side]: scope.owner})
    direction = "ASC" if back else "DESC"
    sql = (
        f"SELECT id, active_at FROM ({' UNION ALL '.join(branches)}) AS found "
        f"ORDER BY active_at {direction}, id {direction} LIMIT %s"
    )
    rows = ask(sql, [*parameters, limit], binary=True, prepared=filters.is_plain)
    return [_as_key(row) for row in rows()]


def _branch(
    side: str, is_shared: bool, filters: Filters, back: bool | None, has_marks: bool
) -> tuple[str, Sequence[Any]]:
    """Return the SQL for the first rows of a scope, and its parameters, some of which are slots.

    Django needs longer to compile it than PostgreSQL to run it, so it is compiled once for each shape of filters.
    """
    column = "customer_id" if side == Side.CUSTOMER else "business_id"
    found = _of_many(_OWNERS[side]) if is_shared else Q(**{column: Value(_OWNERS[side])})
    if filters.business_id is not None and side == Side.CUSTOMER:
        found &= Q(business_id=Value(_BUSINESS))
    rows = Conversation.objects.filter(found & _filter_for(side, filters, has_marks))
    if back is not None:
        when, key = Value(_ACTIVE_AT), Value(_ID)
        if back:
            rows = rows.filter(Q(active_at__gt=when) | Q(active_at=when, id__gt=key), active_at__gte=when)
        else:
            rows = rows.filter(Q(active_at__lt=when) | Q(active_at=when, id__lt=key), active_at__lte=when)
    order = ("active_at", "id") if back else ("-active_at", "-id")
    sql, parameters = rows.order_by(*order).values("id", "active_at").query.sql_with_params()
    if is_shared and connection.vendor == "postgresql":
        of_each = f"unnest(%s::uuid[]) AS mine(id) CROSS JOIN LATERAL ({sql} LIMIT %s) AS branch"
        return f"SELECT branch.* FROM {of_each}", [_OWNERS[side], *parameters, _LIMIT]
    return f"SELECT * FROM ({sql} LIMIT %s) AS branch", [*parameters, _LIMIT]


def _of_many(owners: _Slot) -> Q:
    """Return the condition for one of many businesses at a time. SQLite cannot do that, and sorts the rows of all."""
    if connection.vendor == "postgresql":
        return Q(business_id=RawSQL("mine.id", []))
    return Q(business_id__in=RawSQL("SELECT value FROM json_each(%s)", [owners]))


_known_branch = functools.cache(_branch)


def _filter_for(side: str, filters: Filters, has_marks: bool) -> Q:
    """Return the condition of the filters for one side: its archive and count, and the names of the other side.

    `has_marks` is whether the reader has marked messages as unread. Without marks, an index finds what is unread.
    """
    found = filters.team or Q()
    if filters.archived is not None:
        found &= Q(**{f"{side}_archived": filters.archived})
    if filters.unread is not None:
        counted = Q(**{f"{side}_unread__gt": 0})
        if has_marks:
            counted |= Q(pk__in=marked_by(Value(_READER)))
        found &= counted if filters.unread else ~counted
    if filters.pinned is not None:
        pinned = Q(pk__in=pinned_by(Value(_READER)))
        found &= pinned if filters.pinned else ~pinned
    names = ("business__name",) if side == Side.CUSTOMER else search_fields(path="customer")
    for part in _parts_of(filters.search):
        found &= matches_any(part, *names, "last_message")
    return found


def _parts_of(search: str) -> list[str]:
    """Return the words of a search and its parts in quotes, as a search for messages takes them."""
    parts = (" ".join(part.split()) for part, _ in split_query(search.replace("\x00", "")))
    return [part for part in parts if part][:SEARCH_WORDS]


def _values(user_id: UserId, filters: Filters, at: ListCursor | None, limit: int) -> dict[_Slot, Any]:
    values: dict[_Slot, Any] = {_READER: user_id, _LIMIT: limit}
    if filters.business_id is not None:
        values[_BUSINESS] = object_key(filters.business_id, "business")
    if at is not None:
        values |= {_ACTIVE_AT: at.time, _ID: at.id}
    return values


def _filled(places: Sequence[Any], values: Mapping[_Slot, Any]) -> list[Any]:
    return [place.filled(values[place]) if isinstance(place, _Slot) else place for place in places]


def _as_key(row: tuple[Any, Any]) -> tuple[UUID, datetime]:
    """Convert SQLite's text and naive times to the objects that PostgreSQL returns."""
    key, when = row
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (key if isinstance(key, UUID) else UUID(key)), when
