"""One conversation as moderators read it: every message in order, what was hidden or deleted included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date

from conversations.models import ChatMessage, Conversation

PAGE: Final = 50


@dataclass(frozen=True)
class TranscriptPage:
    """Messages in ascending `seq`. `older` and `newer` are the `seq` to go on from, None where that way is the end."""

    messages: Sequence[ChatMessage]
    older: int | None
    newer: int | None
    words: str = ""


def read_page(conversation: Conversation, asked: QueryDict) -> TranscriptPage:
    """The page that `?before=`, `?after=`, `?around=`, `?on=` (a day) or `?q=` asks for; the newest one otherwise."""
    rows = _rows(conversation)
    words = asked.get("q", "").replace("\x00", "").strip()[:200]
    if words:
        found = list(rows.filter(content__icontains=words).order_by("-seq")[:PAGE])
        return TranscriptPage(found[::-1], None, None, words)
    after, before = _number(asked, "after"), _number(asked, "before")
    around = _number(asked, "around")
    if around is not None:
        after = max(0, around - PAGE // 2)
    if day := _day(asked):
        first = rows.filter(created_at__gte=day).order_by("seq").values_list("seq", flat=True).first()
        after = None if first is None else first - 1
    if after is not None:
        found = list(rows.filter(seq__gt=after).order_by("seq")[: PAGE + 1])
        return _page(found[:PAGE], older=after > 0, newer=len(found) > PAGE)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(rows.order_by("-seq")[: PAGE + 1])
    return _page(found[:PAGE][::-1], older=len(found) > PAGE, newer=before is not None)


def _rows(conversation: Conversation) -> QuerySet[ChatMessage]:
    rows = ChatMessage.objects.filter(conversation=conversation)
    return rows.select_related("sender", "reply_to").prefetch_related("edits")


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
    except ValueError:  # no calendar has it
        return None
    return datetime.combine(day, time(), UTC) if day else None
