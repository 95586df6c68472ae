"""Search conversations without reading the whole table.

A search by name first finds people and businesses, and then their conversations by index. A search by text uses the
full-text index of the messages. Hidden and deleted messages are in no such index, so it reads the newest of them, which
have their own index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from operator import itemgetter
from typing import Any, Final, TypeVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from chatsite.database.text_folding import matches_any
from chatsite.identity.names import search_fields
from conversations.models import REMOVED_MESSAGE, Business, ChatMessage, Conversation
from conversations.search import lookups  # noqa: F401  registers the lookup
from conversations.search.models import IndexedMessage
from conversations.search.queries import QUERY_LENGTH
from conversations.search.query_terms import Term, matches, parse_terms

MATCHES: Final = 200  # people, and businesses, that a name may match
SCOPE: Final = 500  # if at most this many conversations are left, a text search looks only into them
REMOVED: Final = 20_000  # of the hidden and deleted messages, this many of the newest are read
HITS: Final = 10_000  # messages with the text whose conversations are shown, the newest
FOUND: Final = 2_000  # conversations with the text that are shown, as many as the list can page through
DATE: Final = re.compile(r"(?<!\S)(on|since|until):(\d{4}-\d{2}-\d{2})(?!\S)", re.IGNORECASE)
TEXT: Final = re.compile(r"(?<!\S)text:", re.IGNORECASE)

HELP: Final = (
    "Search by the name of a customer, member or business, or by the id of a conversation or message. "
    'Add "on:2026-11-23", "since:2026-11-23" or "until:2026-11-23" (UTC). End with "text:" and words, beginnings of '
    'words or a "phrase" to search the messages, hidden and deleted ones too.'
)

Conversations = QuerySet[Conversation]
Rows = TypeVar("Rows", bound=QuerySet[Any])  # with the time of a message as `created_at`


def search_conversations(rows: Conversations, term: str) -> Conversations:
    """Return the rows that match the search term."""
    try:
        query = SearchQuery.parse(term)
    except (ValueError, OverflowError):  # a day that does not exist, or the last day of the calendar
        return rows.none()
    rows = query.filter_active(rows)
    if query.name:
        rows = _by_id_or_name(rows, query.name)
    return rows if query.words is None else _by_text(rows, query, query.words)


@dataclass(frozen=True, kw_only=True)
class SearchQuery:
    """A parsed search term: a name or id, a time from `since` to before `until`, and words of messages."""

    name: str
    words: str | None
    since: datetime | None
    until: datetime | None

    @classmethod
    def parse(cls, term: str) -> SearchQuery:
        rest, *words = TEXT.split(term.replace("\x00", ""), maxsplit=1)
        since = until = None
        for verb, day in DATE.findall(rest):
            begin = datetime.combine(datetime.fromisoformat(day), time(), UTC)
            if verb.lower() != "until":
                since = begin
            if verb.lower() != "since":
                until = begin + timedelta(days=1)
        name = " ".join(DATE.sub(" ", rest).split())
        return cls(name=name, words=words[0].strip() if words else None, since=since, until=until)

    def filter_active(self, rows: Conversations) -> Conversations:
        """Return the conversations that began before the end of the time and were active after its beginning."""
        if self.since:
            rows = rows.filter(active_at__gte=self.since)
        return rows.filter(created_at__lt=self.until) if self.until else rows

    def filter_sent(self, messages: Rows) -> Rows:
        if self.since:
            messages = messages.filter(created_at__gte=self.since)
        return messages.filter(created_at__lt=self.until) if self.until else messages


def _by_id_or_name(rows: Conversations, term: str) -> Conversations:
    try:
        return _by_id(rows, UUID(term))
    except ValueError:
        return _by_name(rows, term)


def _by_id(rows: Conversations, key: UUID) -> Conversations:
    """Find the message first. An OR with a subquery would read all conversations."""
    of_message = ChatMessage.objects.filter(pk=key).order_by().values_list("conversation_id", flat=True)
    return rows.filter(pk__in=[key, *of_message])


def _by_name(rows: Conversations, term: str) -> Conversations:
    people = Q()
    for word in term.split()[:5]:
        people &= matches_any(word, *search_fields())
    users = list(get_user_model()._default_manager.filter(people).values_list("pk", flat=True)[:MATCHES])
    named = matches_any(term, "name") | Q(memberships__user__in=users)
    businesses = list(
        Business.objects.filter(named).order_by().values_list("pk", flat=True).distinct()[:MATCHES]
    )
    return rows.filter(Q(customer__in=users) | Q(business__in=businesses))


def _by_text(rows: Conversations, query: SearchQuery, words: str) -> Conversations:
    terms = parse_terms(words[:QUERY_LENGTH])
    if not terms:
        return rows.none()
    indexed = query.filter_sent(IndexedMessage.objects.filter(tokens__matches_terms=terms)).order_by("-pk")
    removed = query.filter_sent(ChatMessage.objects.filter(REMOVED_MESSAGE)).order_by("-pk")
    scope = _scope(rows)
    if scope is not None:
        indexed = indexed.filter(message__conversation__in=scope)
        removed = removed.filter(conversation__in=scope)
    found = [
        *indexed.values_list("message__conversation_id", "created_at")[:HITS],
        *_matching(removed[:REMOVED], terms),
    ]
    newest_first = sorted(found, key=itemgetter(1), reverse=True)
    keys = dict.fromkeys(key for key, _ in newest_first)
    return rows.filter(pk__in=list(keys)[:FOUND])


def _matching(messages: QuerySet[ChatMessage], terms: list[Term]) -> Iterator[tuple[UUID, datetime]]:
    read = messages.values_list("conversation_id", "created_at", "content")
    for key, created_at, content in read.iterator(chunk_size=2000):
        if matches(content, terms):
            yield key, created_at


def _scope(rows: Conversations) -> list[UUID] | None:
    """Return the conversations that names, dates and filters leave, if they are few."""
    if not rows.query.where:
        return None
    keys = list(rows.order_by().values_list("pk", flat=True)[: SCOPE + 1])
    return keys if len(keys) <= SCOPE else None
