"""Read and set the hours of a business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from django.utils import timezone

from chatsite.errors import invalid, not_found
from conversations.access import UserId, require_owner
from conversations.models import BusinessHours
from conversations.team.access import find_membership
from conversations.team.hours.schedule import Range, Schedule, knows_holidays
from conversations.team.hours.serializers import ExceptionObject, HoursBody, RangeObject, WeekObject
from conversations.validation import check_storable

END_OF_DAY = "24:00"


def read_hours(*, user_id: UserId, business_id: str) -> BusinessHours:
    """Return the hours for a member. Raise `not_found` if there are none."""
    business = find_membership(user_id, business_id).business
    hours = BusinessHours.objects.filter(business=business).first()
    if hours is None:
        raise not_found("hours")
    return hours


def set_hours(*, user_id: UserId, business_id: str, body: HoursBody) -> BusinessHours:
    """Replace the hours. Only owners of the business can do this."""
    business = require_owner(user_id, business_id)
    _check(body)
    holidays = body.holidays
    weekly = [getattr(body.weekly, name) for name in WeekObject.__struct_fields__]
    hours, _ = BusinessHours.objects.update_or_create(
        business=business,
        defaults={
            "timezone": body.timezone,
            "weekly": msgspec.to_builtins(weekly),
            "exceptions": msgspec.to_builtins(sorted(body.exceptions, key=lambda one: one.date)),
            "country": holidays.country if holidays else "",
            "subdivision": holidays.subdivision if holidays else "",
            "updated_at": timezone.now(),
        },
    )
    return hours


def remove_hours(*, user_id: UserId, business_id: str) -> None:
    """Forget the hours. Removing them again changes nothing."""
    BusinessHours.objects.filter(business=require_owner(user_id, business_id)).delete()


def _check(body: HoursBody) -> None:
    if body.timezone not in available_timezones():
        raise invalid("timezone must be a name such as Europe/Berlin.", field="timezone")
    if body.holidays and not knows_holidays(body.holidays.country, body.holidays.subdivision):
        raise invalid("The holidays of this country or subdivision are not known.", field="holidays")
    if len({one.date for one in body.exceptions}) < len(body.exceptions):
        raise invalid("exceptions contains a date twice.", field="exceptions")
    for one in body.exceptions:
        check_storable(one.name, field="exceptions")
    week = [getattr(body.weekly, name) for name in WeekObject.__struct_fields__]
    for ranges in (*week, *(one.ranges for one in body.exceptions)):
        if any(one.begin == END_OF_DAY for one in ranges):
            raise invalid("A range cannot begin at 24:00.", field="from")


def schedule_of(business_id: UUID) -> Schedule | None:
    """Return the hours of the business, ready to be asked. None if it has none."""
    hours = BusinessHours.objects.filter(business_id=business_id).first()
    return None if hours is None else schedule_from(hours)


def schedule_from(hours: BusinessHours) -> Schedule:
    weekly = msgspec.convert(hours.weekly, list[list[RangeObject]])
    exceptions = msgspec.convert(hours.exceptions, list[ExceptionObject])
    return Schedule(
        zone=ZoneInfo(hours.timezone),
        weekly=[_ranges(day) for day in weekly],
        exceptions={one.date: _ranges(one.ranges) for one in exceptions},
        country=hours.country,
        subdivision=hours.subdivision,
    )


def _ranges(shown: Sequence[RangeObject]) -> list[Range]:
    return [
        Range(time.fromisoformat(one.begin), None if one.end == END_OF_DAY else time.fromisoformat(one.end))
        for one in shown
    ]
