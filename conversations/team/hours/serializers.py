"""The wire objects of business hours. The settings are for members; `Availability` is for everybody."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from conversations.serializers import WireObject
from conversations.team.hours.models import BusinessHours

Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]


class RangeObject(WireObject, kw_only=True, rename={"begin": "from", "end": "to"}):
    """Times as `09:30`. A `to` that is not after `from` is on the next day; `24:00` is the end of the day."""

    example = {"from": "09:00", "to": "17:30"}

    begin: Clock
    end: Clock


Ranges = Annotated[list[RangeObject], msgspec.Meta(max_length=8)]


class WeekObject(WireObject, kw_only=True):
    """The ranges of each day. A day without ranges is closed."""

    example = {
        "monday": [{"from": "09:00", "to": "17:30"}],
        "tuesday": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:30"}],
    }

    monday: Ranges = []
    tuesday: Ranges = []
    wednesday: Ranges = []
    thursday: Ranges = []
    friday: Ranges = []
    saturday: Ranges = []
    sunday: Ranges = []


class ExceptionObject(WireObject, kw_only=True):
    """The ranges of one day, instead of those of the week. Without ranges the business is closed."""

    example = {"name": "Stocktaking", "ranges": []}

    date: date
    name: Annotated[str, msgspec.Meta(max_length=80)] = ""
    ranges: Ranges = []


class HolidaysObject(WireObject, kw_only=True):
    """Closed on the public holidays of a country, such as `DE`, or of a part of it, such as `BY`."""

    example = {"country": "DE", "subdivision": "BY"}

    country: Annotated[str, msgspec.Meta(max_length=2)]
    subdivision: Annotated[str, msgspec.Meta(max_length=10)] = ""


class HoursBody(WireObject, kw_only=True):
    timezone: Annotated[str, msgspec.Meta(max_length=64)]
    weekly: WeekObject
    exceptions: Annotated[list[ExceptionObject], msgspec.Meta(max_length=200)] = []
    holidays: HolidaysObject | None = None


class HoursObject(WireObject, kw_only=True):
    business_id: UUID
    timezone: str
    weekly: WeekObject
    exceptions: list[ExceptionObject]
    holidays: HolidaysObject | None
    updated_at: datetime


class AvailabilityObject(WireObject, kw_only=True):
    """Whether a business is open, and how fast it usually answers. What is not known is null.

    `opensAt` is missing while it is open, and `closesAt` while it is closed. `answerMinutes` is rounded.
    """

    example = {
        "open": True,
        "closesAt": "2026-11-23T17:30:00Z",
        "timezone": "Europe/Berlin",
        "answerMinutes": 5,
    }

    business_id: UUID
    open: bool | None
    opens_at: datetime | None
    closes_at: datetime | None
    timezone: str | None
    answer_minutes: int | None
    answer_time: str | None


def hours_object(hours: BusinessHours) -> HoursObject:
    holidays = HolidaysObject(country=hours.country, subdivision=hours.subdivision) if hours.country else None
    days = msgspec.convert(hours.weekly, list[list[RangeObject]])
    week = WeekObject(**dict(zip(WeekObject.__struct_fields__, days, strict=True)))
    return HoursObject(
        business_id=hours.business_id,
        timezone=hours.timezone,
        weekly=week,
        exceptions=msgspec.convert(hours.exceptions, list[ExceptionObject]),
        holidays=holidays,
        updated_at=hours.updated_at,
    )
