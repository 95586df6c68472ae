"""Measure how fast people of a business answer, and say it in words.

The time is the median of the last four weeks, in business hours if the business has any. It is rounded up, and unknown
while there are fewer than five answers.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.background.turns import Turn, waiting_jobs
from chatsite.config.queues import HOUSEKEEPING_QUEUE
from chatsite.errors import is_database_unavailable
from conversations.models import AnswerTime, Business, ChatMessage, Conversation
from conversations.team.hours.operations import schedule_of
from conversations.team.hours.replies import COLUMNS, Line, waits

logger = logging.getLogger(__name__)

BATCH: Final = 100  # businesses of one query
PERIOD: Final = timedelta(days=28)
FEWEST: Final = 5  # answers
MOST_CONVERSATIONS: Final = 500  # the latest ones
STEPS: Final = (5, 15, 30, 60)  # minutes; then whole hours, then whole days
HOURS_OF_DAY: Final = 24


@job(queue=HOUSEKEEPING_QUEUE)
def measure_answer_times(after: str | None = None) -> None:
    """Measure each business that was active in the period or has a measured time, in the order of their ids.

    Another job continues after the business `after`.
    """
    if after is None and waiting_jobs(measure_answer_times).exists():
        return  # those of the last hour are not all measured yet
    turn = Turn()
    while keys := _businesses(after):
        for key in keys:
            _measure(key)
            after = str(key)
            if turn.is_over:
                enqueue(measure_answer_times, after)
                return


def _businesses(after: str | None) -> list[UUID]:
    active = Conversation.objects.filter(business=OuterRef("pk"), active_at__gte=timezone.now() - PERIOD)
    measured = AnswerTime.objects.filter(business=OuterRef("pk"))
    rows = Business.objects.filter(Exists(active) | Exists(measured)).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=UUID(after))
    return list(rows.values_list("pk", flat=True)[:BATCH])


def _measure(business_id: UUID) -> None:
    """Measure the business. An error of one business does not stop the others."""
    try:
        measure_answer_time(business_id)
    except Exception as error:
        if is_database_unavailable(error):
            raise
        logger.exception("the answer time of business %s could not be measured", business_id)


def measure_answer_time(business_id: UUID) -> None:
    now = timezone.now()
    found = answer_seconds(business_id, now)
    if len(found) < FEWEST:
        AnswerTime.objects.filter(business_id=business_id).delete()
        return
    AnswerTime.objects.update_or_create(
        business_id=business_id,
        defaults={"seconds": round(median(found)), "samples": len(found), "measured_at": now},
    )


def answer_seconds(business_id: UUID, now: datetime) -> list[int]:
    """Return the seconds of each answer in the period."""
    begin = now - PERIOD
    latest = Conversation.objects.filter(business_id=business_id, active_at__gte=begin)
    keys = list(latest.order_by("-active_at").values_list("pk", flat=True)[:MOST_CONVERSATIONS])
    rows = ChatMessage.objects.filter(conversation_id__in=keys, created_at__gte=begin)
    schedule = schedule_of(business_id)
    found = []
    ordered = rows.order_by("conversation_id", "seq").values_list("conversation_id", *COLUMNS)
    for _, lines in groupby(ordered.iterator(chunk_size=1000), key=lambda row: row[0]):
        for wait in waits(Line(*line[1:]) for line in lines):
            if schedule is None:
                found.append(round((wait.answered_at - wait.asked_at).total_seconds()))
            else:
                found.append(schedule.seconds_between(wait.asked_at, wait.answered_at))
    return found


def rounded_minutes(seconds: int) -> int:
    """Round up to 5, 15, 30 or 60 minutes, then to hours, and past a day to days."""
    minutes = -(-seconds // 60)
    for step in STEPS:
        if minutes <= step:
            return step
    hours = -(-minutes // 60)
    if hours < HOURS_OF_DAY:
        return hours * 60
    return -(-hours // HOURS_OF_DAY) * HOURS_OF_DAY * 60


def in_words(minutes: int) -> str:
    """Return `about 2 hours` for 120."""
    if minutes < STEPS[-1]:
        return f"about {minutes} minutes"
    hours = minutes // 60
    number, unit = (hours, "hour") if hours < HOURS_OF_DAY else (hours // HOURS_OF_DAY, "day")
    if number == 1:
        return "about an hour" if unit == "hour" else "about a day"
    return f"about {number} {unit}s"


every(timedelta(hours=1), measure_answer_times)
