"""Searching conversations without reading the whole table.

Names are looked up first, and then their conversations by index. Text has no index: one over all messages would be
paid for by every message that is sent. So the newest messages are read, up to a number of them; and where names, dates
and filters have narrowed the list to some hundred conversations, all the messages of these.
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

MATCHES: Final = 200  # people and businesses that a name may match; the list would be useless with more
SCOPE: Final = (
    500  # conversations that names, dates and filters have to leave for all their messages to be read
)
SCANNED: Final = 1_000_000  # newest messages that are read otherwise
HITS: Final = 10_000  # newest messages with the text that are looked at for their conversations
FOUND: Final = 2_000  # conversations with the text: as far as a list is paged
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
    """The rows of the list that a term means."""
    try:
        wanted = Wanted.from_term(term)
    except (ValueError, OverflowError):  # a day that no calendar has, or the last one that there is
        return rows.none()
    rows = wanted.going_on(rows)
    if wanted.who:
        rows = _by_id_or_name(rows, wanted.who)
    return rows if wanted.words is None else _by_text(rows, wanted, wanted.words)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a term asks for: somebody, a time from `since` to before `until`, words; each may be missing."""

    who: str
    words: str | None
    since: datetime | None
    until: datetime | None

    @classmethod
    def from_term(cls, term: str) -> Wanted:
        rest, *words = TEXT.split(term.replace("\x00", ""), maxsplit=1)
        since = until = None
        for verb, day in DATE.findall(rest):
            begin = datetime.combine(datetime.fromisoformat(day), time(), UTC)
            if verb.lower() != "until":
                since = begin
            if verb.lower() != "since":
                until = begin + timedelta(days=1)
        who = " ".join(DATE.sub(" ", rest).split())
        return cls(who=who, words=words[0].strip() if words else None, since=since, until=until)

    def going_on(self, rows: Conversations) -> Conversations:
        """Those that had begun and had not ended."""
        if self.since:
            rows = rows.filter(active_at__gte=self.since)
        return rows.filter(created_at__lt=self.until) if self.until else rows

    def said(self, messages: Messages) -> Messages:
        if self.since:
            messages = messages.filter(created_at__gte=self.since)
        return messages.filter(created_at__lt=self.until) if self.until else messages


def _by_id_or_name(rows: Conversations, who: str) -> Conversations:
    try:
        return _by_id(rows, UUID(who))
    except ValueError:
        return _by_name(rows, who)


def _by_id(rows: Conversations, key: UUID) -> Conversations:
    spoken_in = ChatMessage.objects.filter(pk=key).order_by().values("conversation_id")
    return rows.filter(Q(pk=key) | Q(pk__in=spoken_in))


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


def _by_text(rows: Conversations, wanted: Wanted, words: str) -> Conversations:
    if len(words) < 3:
        return rows.none()
    said = wanted.said(_scope(rows)).filter(contains_words("content", words)).order_by("-pk")
    keys = dict.fromkeys(said.values_list("conversation_id", flat=True)[:HITS])
    return rows.filter(pk__in=list(keys)[:FOUND])


def _scope(rows: Conversations) -> Messages:
    messages = ChatMessage.objects.order_by()
    if rows.query.where:
        keys = list(rows.order_by().values_list("pk", flat=True)[: SCOPE + 1])
        if len(keys) <= SCOPE:
            return messages.filter(conversation__in=keys)
    # Ids are in the order in which messages were stored, so the newest are the end of the primary key.
    beyond = messages.order_by("-pk").values("pk")[SCANNED : SCANNED + 1]
    return messages.filter(pk__gt=Coalesce(Subquery(beyond), Value(UUID(int=0), output_field=UUIDField())))
