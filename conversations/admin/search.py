"""Search conversations without reading the whole table.

A search by name first finds people and businesses, and then their conversations by index. A search by text reads the
newest messages, up to a limit. If names, dates and filters leave only a few hundred conversations, it reads all their
messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce

from chatsite.database.text_folding import contains_words, matches_any
from chatsite.identity.names import search_fields
from conversations.models import Business, ChatMessage, Conversation

MATCHES: Final = 200  # people, and businesses, that a name may match
SCOPE: Final = 500  # if at most this many conversations are left, a text search reads all their messages
SCANNED: Final = 1_000_000  # otherwise it reads this many of the newest messages
HITS: Final = 10_000  # messages with the text whose conversations are shown
FOUND: Final = 2_000  # conversations with the text that are shown, as many as the list can page through
DATE: Final = re.compile(r"(?<!\S)(on|since|until):(\d{4}-\d{2}-\d{2})(?!\S)", re.IGNORECASE)
TEXT: Final = re.compile(r"(?<!\S)text:", re.IGNORECASE)

HELP: Final = (
    "Search by the name of a customer, member or business, or by the id of a conversation or message. "
    'Add "on:2026-11-23", "since:2026-11-23" or "until:2026-11-23" (UTC). End with "text:" and at least three letters '
    f"to search the messages. A text search covers the newest {SCANNED:,} messages, or all messages if the other "
    f"terms and the filters leave at most {SCOPE} conversations."
)

Conversations = QuerySet[Conversation]
Messages = QuerySet[ChatMessage]


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

    def filter_sent(self, messages: Messages) -> Messages:
        if self.since:
            messages = messages.filter(created_at__gte=self.since)
        return messages.filter(created_at__lt=self.until) if self.until else messages


def _by_id_or_name(rows: Conversations, term: str) -> Conversations:
    try:
        return _by_id(rows, UUID(term))
    except ValueError:
        return _by_name(rows, term)


def _by_id(rows: Conversations, key: UUID) -> Conversations:
    of_message = ChatMessage.objects.filter(pk=key).order_by().values("conversation_id")
    return rows.filter(Q(pk=key) | Q(pk__in=of_message))


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
    if len(words) < 3:
        return rows.none()
    found = query.filter_sent(_scope(rows)).filter(contains_words("content", words)).order_by("-pk")
    keys = dict.fromkeys(found.values_list("conversation_id", flat=True)[:HITS])
    return rows.filter(pk__in=list(keys)[:FOUND])


def _scope(rows: Conversations) -> Messages:
    messages = ChatMessage.objects.order_by()
    if rows.query.where:
        keys = list(rows.order_by().values_list("pk", flat=True)[: SCOPE + 1])
        if len(keys) <= SCOPE:
            return messages.filter(conversation__in=keys)
    # Ids begin with the time, so the newest messages have the highest primary keys.
    beyond = messages.order_by("-pk").values("pk")[SCANNED : SCANNED + 1]
    return messages.filter(pk__gt=Coalesce(Subquery(beyond), Value(UUID(int=0), output_field=UUIDField())))
