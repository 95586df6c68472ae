"""What everybody may know: whether a business is open, when it opens, and how fast it usually answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from chatsite.errors import not_found
from conversations.access import object_key
from conversations.models import AnswerTime, Business
from conversations.team.hours.answer_time import in_words, rounded_minutes
from conversations.team.hours.operations import schedule_of
from conversations.team.hours.serializers import AvailabilityObject


def availability(business_id: str | UUID, now: datetime | None = None) -> AvailabilityObject:
    key = object_key(business_id, "business")
    if not Business.objects.filter(pk=key).exists():
        raise not_found("business")
    return availability_of(key, now)


def availability_of(key: UUID, now: datetime | None = None) -> AvailabilityObject:
    """Like `availability`, of a business that exists."""
    now = now or timezone.now()
    schedule = schedule_of(key)
    is_open = None if schedule is None else schedule.is_open(now)
    measured = AnswerTime.objects.filter(business_id=key).first()
    minutes = None if measured is None else rounded_minutes(measured.seconds)
    return AvailabilityObject(
        business_id=key,
        open=is_open,
        opens_at=schedule.opens_at(now) if schedule and not is_open else None,
        closes_at=schedule.closes_at(now) if schedule else None,
        timezone=str(schedule.zone) if schedule else None,
        answer_minutes=minutes,
        answer_time=None if minutes is None else in_words(minutes),
    )
