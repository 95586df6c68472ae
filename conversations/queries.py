"""Lists and counters of conversations and businesses.

Each function runs a fixed number of queries, however many rows there are. Messages are read in `history`.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from chatsite.database.pipeline import among, ask_among
from chatsite.database.text_folding import matches_any
from chatsite.errors import invalid
from chatsite.http.byte_budget import ByteBudget
from chatsite.identity.names import search_fields
from conversations import access
from conversations.access import UserId, object_key
from conversations.conversation_rows import ask_conversation_rows
from conversations.models import Business, Conversation, Membership, Side
from conversations.own_objects import counted_differently, personal_objects, pinned_by
from conversations.serializers import (
    BusinessObject,
    ConversationObject,
    ConversationRevs,
    ParticipantObject,
    person_object,
)
from conversations.team_revs import TEAM_REV

SEARCH_WORDS: Final = 5  # words of a search that are used; each adds a condition
_BATCH = 10_000  # ids per query, because databases limit the parameters of a statement

# --- Conversations ----------------------------------------------------------------------------------------------------


@dataclass
class ConversationPage:
    conversations: list[ConversationObject]
    next: str | None
    previous: str | None


class _Cursor(msgspec.Struct, array_like=True):
    """A position in a list ordered by activity. The page follows it, or precedes it if `back` is set."""

    active_at: str
    id: UUID
    back: bool

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decoded(cls, raw: str) -> _Cursor:
        try:
            cursor = msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)), type=cls)
            when = parse_datetime(cursor.active_at)
            if when is None or when.tzinfo is None:
                raise ValueError(cursor.active_at)
            when.astimezone(UTC)  # raises OverflowError if the time is outside UTC's range
        except (ValueError, OverflowError, msgspec.MsgspecError) as error:
            raise invalid("The cursor is not valid for this list.", field="cursor") from error
        return cursor


def conversation_page(
    user_id: UserId,
    *,
    cursor: str | None = None,
    limit: int,
    archived: bool | None = None,
    business_id: str | None = None,
    unread: bool | None = None,
    pinned: bool | None = None,
    search: str = "",
    team: Q | None = None,
    actor: access.Actor | None = None,
) -> ConversationPage:
    """Return a page of the user's conversations, newest activity first. Runs five queries at most, each over an index.

    `actor` is the user, if loaded. `unread` filters by the user's unread count, `pinned` by the user's own pins.
    `search` matches names of the other side and previews. It reads the newest conversations until the page is full.

    `team` filters by what the team has set, which only members can see, so it leaves out the user's own conversations.

    A user may be a customer and also a member of several businesses. An OR of these conditions would sort all rows, so
    each scope reads its first rows from its own index, and only their union is sorted.
    """
    at = _Cursor.decoded(cursor) if cursor else None
    mine = (actor or access.load_actor(user_id)).businesses
    own = _own_filter(user_id, pinned) & (team or Q())
    marked = _marked_by(user_id) if unread is not None else []
    scopes = [
        scope & own & _filter_for(side, archived=archived, unread=unread, marked=marked, search=search)
        for side, scope in _scopes(user_id, mine, business_id)
        if team is None or side == Side.BUSINESS
    ]
    keys = _first_keys(scopes, at, limit + 1) if scopes else []
    more, keys = len(keys) > limit, keys[:limit]
    objects, rows = _objects_of(user_id, [key for key, _ in keys])
    if len(objects) < rows:
        more, keys = True, keys[: [key for key, _ in keys].index(objects[-1].id) + 1]
    if at is not None and at.back:
        keys, objects = keys[::-1], objects[::-1]
    return ConversationPage(objects, *_neighbours(keys, at, more=more))


def _objects_of(user_id: UserId, keys: list[UUID]) -> tuple[list[ConversationObject], int]:
    """Return as many of the conversations as fit into an answer, in this order, and how many there are."""
    found = ask_conversation_rows(keys)()
    rows = [found[key] for key in keys if key in found]
    seen = [(row, _side_of(user_id, row)) for row in rows]
    return ByteBudget().take_first(personal_objects(user_id, seen)), len(rows)


def _side_of(user_id: UserId, conversation: Conversation) -> Side:
    return Side.CUSTOMER if conversation.customer_id == user_id else Side.BUSINESS


def _neighbours(
    keys: list[tuple[UUID, datetime]], at: _Cursor | None, *, more: bool
) -> tuple[str | None, str | None]:
    """Return the cursors of the next and the previous page, or None if there is no such page.

    `more` tells whether more rows follow in the direction of `at`.
    """
    if not keys:
        return None, None
    back = at is not None and at.back
    (first, first_at), (last, last_at) = keys[0], keys[-1]
    following = _Cursor(last_at.isoformat(), last, False).encoded() if more or back else None
    preceding = None
    if at is not None and (more or not back):
        preceding = _Cursor(first_at.isoformat(), first, True).encoded()
    return following, preceding


def _scopes(user_id: UserId, mine: set[UUID], business_id: str | None) -> list[tuple[str, Q]]:
    """Return the conditions that select the user's conversations, each with the user's side in them."""
    only = None if business_id is None else object_key(business_id, "business")
    customer = Q(customer_id=user_id)
    if only is not None:
        customer &= Q(business_id=only)
    member_of = sorted(mine if only is None else mine & {only})
    return [
        (Side.CUSTOMER.value, customer),
        *((Side.BUSINESS.value, Q(business_id=key)) for key in member_of),
    ]


def _own_filter(user_id: UserId, pinned: bool | None) -> Q:
    if pinned is None:
        return Q()
    return Q(pk__in=pinned_by(user_id)) if pinned else ~Q(pk__in=pinned_by(user_id))


def _marked_by(user_id: UserId) -> list[UUID]:
    return [row.conversation_id for row in counted_differently(user_id) if row.unread_from is not None]


def _filter_for(
    side: str, *, archived: bool | None, unread: bool | None, marked: list[UUID], search: str
) -> Q:
    """Return the condition of the filters for one side: its archive and count, and the names of the other side."""
    found = Q()
    if archived is not None:
        found &= Q(**{f"{side}_archived": archived})
    if unread is not None:
        counted = Q(**{f"{side}_unread__gt": 0})
        if marked:
            counted |= Q(pk__in=marked)
        found &= counted if unread else ~counted
    for word in search.replace("\x00", "").split()[:SEARCH_WORDS]:
        names = ("business__name",) if side == Side.CUSTOMER else search_fields(path="customer")
        found &= matches_any(word, *names, "last_message")
    return found


def _first_keys(scopes: list[Q], at: _Cursor | None, limit: int) -> list[tuple[UUID, datetime]]:
    """Return the first `limit` ids of the union of the scopes after the cursor, in one statement."""
    back = at is not None and at.back
    order = ("active_at", "id") if back else ("-active_at", "-id")
    branches: list[str] = []
    parameters: list[Any] = []
    for scope in scopes:
        rows = Conversation.objects.filter(scope)
        if at is not None:
            when = parse_datetime(at.active_at)
            rows = rows.filter(
                Q(active_at__gt=when) | Q(active_at=when, id__gt=at.id)
                if back
                else Q(active_at__lt=when) | Q(active_at=when, id__lt=at.id)
            )
            rows = rows.filter(active_at__gte=when) if back else rows.filter(active_at__lte=when)
        sql, values = rows.order_by(*order).values("id", "active_at")[:limit].query.sql_with_params()
        branches.append(f"SELECT * FROM ({sql}) AS branch")
        parameters += values
    direction = "ASC" if back else "DESC"
    union = " UNION ALL ".join(branches)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, active_at FROM ({union}) AS found "
            f"ORDER BY active_at {direction}, id {direction} LIMIT {limit}",
            parameters,
        )
        return [_as_key(row) for row in cursor.fetchall()]


def _as_key(row: tuple[Any, Any]) -> tuple[UUID, datetime]:
    """Convert SQLite's text and naive times to the objects that PostgreSQL returns."""
    key, when = row
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (key if isinstance(key, UUID) else UUID(key)), when


def members(conversation: Conversation) -> QuerySet[Membership]:
    """Return the members of the conversation's business, in the order in which they joined."""
    rows = Membership.objects.select_related("user").filter(business_id=conversation.business_id)
    return rows.order_by("id")


def participants(conversation: Conversation) -> list[ParticipantObject]:
    """Return the customer and the first members, for a page that shows their names."""
    team = members(conversation)[: settings.CHAT.page_most]
    return [
        participant(conversation.customer, Side.CUSTOMER),
        *(participant(member.user, Side.BUSINESS) for member in team),
    ]


def participant(user: Any, side: Side) -> ParticipantObject:
    return ParticipantObject(id=str(user.pk), name=person_object(user).name, side=side.value)  # type: ignore[arg-type]


class Revisions(NamedTuple):
    """How far a conversation has come, and whose it is."""

    last_seq: int
    rev: int
    team_rev: int = 0
    customer_id: UserId = None

    def revs_for(self, user_id: UserId, state_rev: int | msgspec.UnsetType) -> ConversationRevs:
        """Return the revisions as somebody sees them who has joined. Everybody who is not the customer is a member."""
        of_team = self.team_rev if self.team_rev and user_id != self.customer_id else msgspec.UNSET
        return ConversationRevs(last_seq=self.last_seq, rev=self.rev, state_rev=state_rev, team_rev=of_team)


def latest_revisions(conversation_ids: Collection[UUID]) -> dict[UUID, Revisions]:
    """Return the revisions of the conversations. One query for each 10,000. The caller checks access."""
    keys, found = list(conversation_ids), {}
    for start in range(0, len(keys), _BATCH):
        for key, *revisions in ask_among(_revisions_of, keys[start : start + _BATCH])():
            found[key] = Revisions(*revisions)
    return found


def _revisions_of(keys: Collection[UUID]) -> QuerySet[Any, Any]:
    rows = Conversation.objects.filter(pk__in=among(Conversation._meta.pk, keys)).order_by()
    return rows.values_list("pk", "last_seq", "rev", TEAM_REV, "customer_id")


def latest_revision_of_each(conversation_ids: list[UUID]) -> list[Revisions]:
    """Like `latest_revisions`, in the given order. A missing conversation has zeros."""
    found = latest_revisions(set(conversation_ids))
    return [found.get(key, Revisions(0, 0)) for key in conversation_ids]


# --- Businesses -------------------------------------------------------------------------------------------------------


def businesses(search: str) -> QuerySet[Business]:
    """Return the directory of businesses for customers, by name."""
    found = Business.objects.order_by("name", "id")
    return found.filter(matches_any(search, "name", "slug")) if search else found


class MembershipObject(BusinessObject, kw_only=True):
    """A business with the user's role in it."""

    role: str


def memberships(user_id: UserId) -> list[MembershipObject]:
    rows = Membership.objects.select_related("business").filter(user_id=user_id).order_by("business__name")
    return [
        MembershipObject(id=row.business.pk, name=row.business.name, slug=row.business.slug, role=row.role)
        for row in rows
    ]
