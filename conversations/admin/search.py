"""Searching conversations without reading the whole table.

Names are looked up first, and then their conversations by index. Text has no index: one over all messages would be
paid for by every message that is sent. So the newest messages are read, up to a number of them; and where filters have
narrowed the list to some hundred conversations, all the messages of these.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from conversations.models import Business, ChatMessage, Conversation

MATCHES: Final = 200  # people and businesses that a name may match; the list would be useless with more
SCOPE: Final = 500  # conversations that filters have to leave for all their messages to be read
SCANNED: Final = 50_000  # newest messages that are read otherwise
TEXT: Final = "text:"

HELP: Final = (
    "A customer, a member of a business or a business by name; an id of a conversation or a message; "
    'or "text:" and at least three letters of what was said. Text is looked for in the newest '
    f"{SCANNED:,} messages, and in all of them where filters leave at most {SCOPE} conversations."
)

Conversations = QuerySet[Conversation]


def search_conversations(rows: Conversations, term: str) -> Conversations:
    """The rows of the list that a term means."""
    term = term.replace("\x00", "").strip()
    if not term:
        return rows
    if term.lower().startswith(TEXT):
        return _by_text(rows, term[len(TEXT) :].strip())
    try:
        return _by_id(rows, UUID(term))
    except ValueError:
        return _by_name(rows, term)


def _by_id(rows: Conversations, key: UUID) -> Conversations:
    spoken_in = ChatMessage.objects.filter(pk=key).order_by().values("conversation_id")
    return rows.filter(Q(pk=key) | Q(pk__in=spoken_in))


def _by_name(rows: Conversations, term: str) -> Conversations:
    people = Q()
    for word in term.split()[:5]:
        people &= Q(username__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
    users = list(get_user_model()._default_manager.filter(people).values_list("pk", flat=True)[:MATCHES])
    named = Q(name__icontains=term) | Q(memberships__user__in=users)
    businesses = list(
        Business.objects.filter(named).order_by().values_list("pk", flat=True).distinct()[:MATCHES]
    )
    return rows.filter(Q(customer__in=users) | Q(business__in=businesses))


def _by_text(rows: Conversations, words: str) -> Conversations:
    if len(words) < 3:
        return rows.none()
    said = _scope(rows).filter(content__icontains=words).order_by()
    keys = list(said.values_list("conversation_id", flat=True).distinct()[: SCOPE * 2])
    return rows.filter(pk__in=keys)


def _scope(rows: Conversations) -> QuerySet[ChatMessage]:
    messages = ChatMessage.objects.order_by()
    if rows.query.where:
        keys = list(rows.order_by().values_list("pk", flat=True)[: SCOPE + 1])
        if len(keys) <= SCOPE:
            return messages.filter(conversation__in=keys)
    # Ids are in the order of time, so the newest are the end of the primary key.
    newest = messages.order_by("-pk").values_list("pk", flat=True)
    oldest_read = newest[SCANNED : SCANNED + 1].first()
    return messages.filter(pk__gt=oldest_read) if oldest_read else messages
