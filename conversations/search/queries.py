"""Find messages that the reader may see now, newest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from chatsite.errors import invalid
from chatsite.http.byte_budget import ByteBudget
from chatsite.http.cursors import Cursor
from conversations import access
from conversations.access import UserId
from conversations.columns import MESSAGES
from conversations.models import ChatMessage, Conversation
from conversations.own_objects import personal_objects
from conversations.search import lookups  # noqa: F401  registers the lookup
from conversations.search.models import IndexedMessage
from conversations.search.newest import NEWEST_FIRST, Place, Rows, newest_matches
from conversations.search.query_terms import Term, highlights, parse_terms
from conversations.serializers import (
    ConversationObject,
    MessageObject,
    WireObject,
    messages_from_rows,
)
from conversations.team_revs import with_team_revs

QUERY_LENGTH: Final = 200  # characters
ATTACHMENTS: Final = ("image", "file", "voice")
HAS: Final = ("attachment", "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The filters of a search. `since` includes the given moment, `until` does not."""

    conversation_id: UUID | None = None
    business_id: UUID | None = None
    sender_id: UserId | None = None
    since: datetime | None = None
    until: datetime | None = None
    has: str | None = None


class FoundMessage(WireObject):
    """A message that a search found. `highlights` are pairs of start and end in the content, counted in characters."""

    message: MessageObject
    conversation: ConversationObject
    highlights: list[tuple[int, int]]


@dataclass
class FoundPage:
    results: list[FoundMessage]
    next: str | None


class _Place(Cursor):
    """The last message of a page. The next page begins after it."""

    refusal = "The cursor does not come from this search."


@dataclass(slots=True)
class _Search:
    terms: list[Term]
    filters: Filters
    after: _Place | None
    limit: int

    def of_business(self, business_id: UUID) -> Iterator[Place]:
        is_one_conversation = self.filters.conversation_id is not None  # whose messages have their own index
        if connection.vendor != "postgresql" or not self.terms or is_one_conversation:
            return self._newest(Q(business_id=business_id))
        rows = self._in_time(IndexedMessage.objects.filter(business_id=business_id))
        return iter(newest_matches(rows, self.terms, self.limit + 1, narrow=self._narrowed))

    def of_customer(self, user_id: UserId) -> Iterator[Place]:
        scope = Q(message__conversation__customer_id=user_id)
        # The messages of a customer are few, so comparing their text is faster than to parse each as a `tsvector`.
        return self._newest(scope, compared=connection.vendor == "postgresql")

    def _newest(self, scope: Q, *, compared: bool = False) -> Iterator[Place]:
        rows = self._narrowed(self._in_time(IndexedMessage.objects.filter(scope)))
        if self.terms and compared:
            rows = rows.filter(tokens__contain_terms=self.terms)
        elif self.terms:
            rows = rows.filter(tokens__matches_terms=self.terms)
        return iter(rows.order_by(*NEWEST_FIRST).values_list("created_at", "message_id")[: self.limit + 1])

    def _narrowed(self, rows: Rows) -> Rows:
        wanted = self.filters
        if wanted.conversation_id is not None:
            rows = rows.filter(message__conversation_id=wanted.conversation_id)
        if wanted.business_id is not None:
            rows = rows.filter(business_id=wanted.business_id)
        if wanted.sender_id is not None:
            rows = rows.filter(message__sender_id=wanted.sender_id)
        if wanted.has == "link":
            rows = rows.filter(has_link=True)
        elif wanted.has == "attachment":
            # Messages of other clients have the type alone.
            rows = rows.filter(~Q(message__attachments="") | Q(message__message_type__in=ATTACHMENTS))
        return rows

    def _in_time(self, rows: Rows) -> Rows:
        wanted = self.filters
        if wanted.since is not None:
            rows = rows.filter(created_at__gte=wanted.since)
        if wanted.until is not None:
            rows = rows.filter(created_at__lt=wanted.until)
        if self.after is not None:
            at, message_id = self.after.time, self.after.id
            rows = rows.filter(created_at__lte=at)
            rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, message_id__lt=message_id))
        return rows


def find_messages(
    user_id: UserId, query: str, filters: Filters, *, cursor: str | None = None, limit: int
) -> FoundPage:
    """Return a page of the messages that hold every term of the query.

    Raises `invalid` for a query without letters and digits that asks for nothing else.
    """
    terms = parse_terms(query[:QUERY_LENGTH])
    if not terms and filters.has is None:
        if query.strip():
            return FoundPage([], None)  # punctuation is in no index
        raise invalid("Set q or has.", field="q")
    after = _Place.decoded(cursor) if cursor else None
    actor = access.load_actor(user_id)
    search = _Search(terms, filters, after, limit)
    # Each side gives its newest messages from its own index. An OR of the two would sort all that matches.
    wanted = filters.business_id
    businesses = [one for one in sorted(actor.businesses) if wanted is None or one == wanted]
    found = [search.of_customer(user_id), *(search.of_business(business) for business in businesses)]
    places = list(islice(heapq.merge(*found, reverse=True), limit + 1))
    return _page(actor, places, terms, limit)


def _page(actor: access.Actor, places: list[Place], terms: list[Term], limit: int) -> FoundPage:
    """Load the results. There is a next page if there are more places, or if not all results fit into one answer."""
    by_message = {message_id: (at, message_id) for at, message_id in places[:limit]}
    loaded = list(_load(actor, list(by_message), terms))
    results = ByteBudget().take_first(loaded)
    if len(results) < len(loaded):
        return FoundPage(results, _Place(*by_message[results[-1].message.id]).encoded())
    return FoundPage(results, _Place(*places[limit - 1]).encoded() if len(places) > limit else None)


def _load(actor: access.Actor, message_ids: list[UUID], terms: list[Term]) -> Iterator[FoundMessage]:
    rows = ChatMessage.objects.filter(pk__in=message_ids).order_by().values_list(*MESSAGES.names)
    by_id = {message.id: message for message in messages_from_rows(rows)}
    messages = [by_id[key] for key in message_ids if key in by_id]
    both = Conversation.objects.select_related("business", "customer")
    conversations = with_team_revs(both).in_bulk({message.conversation_id for message in messages})
    visible = [(row, side) for row in conversations.values() if (side := actor.side_in(row)) is not None]
    shown = {row.id: row for row in personal_objects(actor.user_id, visible)}
    for message in messages:
        if message.conversation_id not in shown or message.deleted_at is not None:
            continue  # it went away between two queries
        yield FoundMessage(
            message=message,
            conversation=shown[message.conversation_id],
            highlights=highlights(message.content, terms),
        )
