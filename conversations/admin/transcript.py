"""Read one conversation for moderators: all messages in order, including hidden and deleted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.dateparse import parse_date

from chatsite.database.text_folding import contains_words
from conversations.attachments.models import Attachment
from conversations.models import ChatMessage, Conversation, MessageEdit

PAGE: Final = 50
EDITS: Final = 3  # earlier versions that are shown with a message; another page shows all
EDITS_PAGE: Final = 20
SEARCHED: Final = 20_000  # messages that a search of a conversation reads, the newest


@dataclass(frozen=True)
class TranscriptPage:
    """Messages in ascending `seq`. `older` and `newer` are the `seq` at which the next pages begin, or None.

    `searched` is the number of messages that a search has read, if there are older ones.
    """

    messages: Sequence[ChatMessage]
    older: int | None
    newer: int | None
    words: str = ""
    searched: int | None = None


def read_page(conversation: Conversation, asked: QueryDict) -> TranscriptPage:
    """Return the page for `?before=`, `?after=`, `?around=`, `?on=` (a day) or `?q=`, or the newest page."""
    rows = _rows(conversation)
    words = asked.get("q", "").replace("\x00", "").strip()[:200]
    if words:
        first = max(0, conversation.last_seq - SEARCHED)
        found = list(rows.filter(contains_words("content", words), seq__gt=first).order_by("-seq")[:PAGE])
        return TranscriptPage(found[::-1], None, None, words, SEARCHED if first else None)
    after, before = _number(asked, "after"), _number(asked, "before")
    around = _number(asked, "around")
    if around is not None:
        after = max(0, around - PAGE // 2)
    if day := _day(asked):
        after = _last_before(conversation, day)
    if after is not None:
        found = list(rows.filter(seq__gt=after).order_by("seq")[: PAGE + 1])
        return _page(found[:PAGE], older=after > 0, newer=len(found) > PAGE)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(rows.order_by("-seq")[: PAGE + 1])
    return _page(found[:PAGE][::-1], older=len(found) > PAGE, newer=before is not None)


def _last_before(conversation: Conversation, day: datetime) -> int | None:
    """Return the `seq` of the last message before the day, or None if the conversation ends before it.

    Halves the conversation until it is found, because reading all earlier messages may take minutes.
    """
    times = ChatMessage.objects.filter(conversation=conversation).values_list("created_at", flat=True)
    before, since = 0, conversation.last_seq + 1
    while since - before > 1:
        middle = (before + since) // 2
        if times.get(seq=middle) < day:
            before = middle
        else:
            since = middle
    return None if since > conversation.last_seq else before


@dataclass(frozen=True)
class EditsPage:
    """Earlier versions of a message, oldest first. The next page begins after the id `after`; None at the end."""

    edits: Sequence[MessageEdit]
    after: int | None


def read_edits(message: ChatMessage, asked: QueryDict) -> EditsPage:
    """Return the page for `?after=`, or the first page."""
    rows = MessageEdit.objects.filter(message=message, pk__gt=_number(asked, "after") or 0).order_by("pk")
    found = list(rows[: EDITS_PAGE + 1])
    return EditsPage(found[:EDITS_PAGE], found[EDITS_PAGE - 1].pk if len(found) > EDITS_PAGE else None)


def _rows(conversation: Conversation) -> QuerySet[ChatMessage]:
    """Return the messages with their latest edits as `latest_edits` and the number of edits as `edit_count`."""
    rows = ChatMessage.objects.filter(conversation=conversation).select_related("sender", "reply_to")
    latest = Prefetch("edits", MessageEdit.objects.order_by("-pk")[:EDITS], to_attr="latest_edits")
    of_message = MessageEdit.objects.filter(message=OuterRef("pk")).order_by().values("message")
    counted = Subquery(of_message.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    files = Prefetch("files", Attachment.objects.order_by("position"))
    return rows.annotate(edit_count=Coalesce(counted, 0)).prefetch_related(latest, files)


def _page(messages: Sequence[ChatMessage], *, older: bool, newer: bool) -> TranscriptPage:
    if not messages:
        return TranscriptPage(messages, None, None)
    return TranscriptPage(
        messages, older=messages[0].seq if older else None, newer=messages[-1].seq if newer else None
    )


def _number(asked: QueryDict, name: str) -> int | None:
    raw: Any = asked.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else None


def _day(asked: QueryDict) -> datetime | None:
    try:
        day = parse_date(asked.get("on", ""))
    except ValueError:  # there is no such day
        return None
    return datetime.combine(day, time(), UTC) if day else None
