"""When a business is open: ranges of the week, exceptions for single days, and public holidays.

A range whose end is not after its begin ends on the next day. All comparisons are between instants in UTC, so the days
on which the clock is changed need no rules of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from conversations.team.hours.local_time import instant_of

LOOK_AHEAD: Final = timedelta(days=400)  # for the next opening
DAY: Final = timedelta(days=1)

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Range:
    """From `begin` until `end` on the clock. An `end` of None is the end of the day."""

    begin: time
    end: time | None

    def interval(self, day: date, zone: ZoneInfo) -> Interval:
        begins = instant_of(day, self.begin, zone)
        if self.end is None:
            return begins, instant_of(day + DAY, time(0), zone)
        return begins, instant_of(day if self.end > self.begin else day + DAY, self.end, zone)


@dataclass(frozen=True)
class Schedule:
    """The hours of one business. `weekly` has the ranges of the seven days, from Monday."""

    zone: ZoneInfo
    weekly: Sequence[Sequence[Range]]
    exceptions: Mapping[date, Sequence[Range]] = field(default_factory=dict)
    country: str = ""
    subdivision: str = ""

    def ranges_on(self, day: date) -> Sequence[Range]:
        """Return the hours of a day. An exception comes before a holiday, and a holiday before the week."""
        if day in self.exceptions:
            return self.exceptions[day]
        if self.country and day in public_holidays(self.country, self.subdivision, day.year):
            return ()
        return self.weekly[day.weekday()]

    def intervals(self, begin: datetime, end: datetime) -> Iterator[Interval]:
        """Yield the open intervals between two instants in order, without overlaps."""
        open_from: datetime | None = None
        open_to = begin
        for starts, ends in self._ranges_between(begin, end):
            starts, ends = max(starts, begin), min(ends, end)
            if starts >= ends:
                continue
            if open_from is not None and starts > open_to:
                yield open_from, open_to
                open_from = None
            open_from = starts if open_from is None else open_from
            open_to = max(open_to, ends)
        if open_from is not None:
            yield open_from, open_to

    def _ranges_between(self, begin: datetime, end: datetime) -> Iterator[Interval]:
        # A range of the day before may pass midnight.
        day, last = begin.astimezone(self.zone).date() - DAY, end.astimezone(self.zone).date()
        while day <= last:
            yield from sorted(one.interval(day, self.zone) for one in self.ranges_on(day))
            day += DAY

    def is_open(self, now: datetime) -> bool:
        return any(True for _ in self.intervals(now, now + timedelta(seconds=1)))

    def opens_at(self, now: datetime) -> datetime | None:
        """Return the next instant at which the business is open: `now` if it is. None if it does not open."""
        return next((starts for starts, _ in self.intervals(now, now + LOOK_AHEAD)), None)

    def closes_at(self, now: datetime) -> datetime | None:
        """Return when the business closes next, if it is open. None if it is closed, or never closes."""
        end = now + LOOK_AHEAD
        for starts, ends in self.intervals(now, end):
            return ends if starts == now and ends < end else None
        return None

    def seconds_between(self, begin: datetime, end: datetime) -> int:
        """Return for how many seconds the business was open between two instants."""
        return round(sum((ends - starts).total_seconds() for starts, ends in self.intervals(begin, end)))


@functools.lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    import holidays  # loading it takes a moment, and few processes need it

    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    return frozenset(found)


def knows_holidays(country: str, subdivision: str) -> bool:
    known = known_subdivisions()
    return country in known and (not subdivision or subdivision in known[country])


@functools.cache
def known_subdivisions() -> dict[str, list[str]]:
    """Return the codes of the countries whose holidays are known, each with the codes of its parts."""
    import holidays

    return holidays.list_supported_countries()


def subdivision_names(country: str) -> dict[str, str]:
    """Return the longest of the names of each part of the country, by its code."""
    import holidays

    names: dict[str, str] = {}
    for name, code in holidays.country_holidays(country).subdivisions_aliases.items():
        if len(name) > len(names.get(code, "")):
            names[code] = name
    return names
