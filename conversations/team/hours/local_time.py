"""The instant of a time on the wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks of the zone show this time, in UTC.

    The clock shows some times twice a year twice: the first one counts. It skips others: then the moment of the skip
    counts.
    """
    wall = datetime.combine(day, at, tzinfo=zone)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    # The clock skips this time. The offset after the skip, which `fold=1` has, leads to an instant before it.
    earlier, later = wall.replace(fold=1).astimezone(UTC), instant
    while later - earlier > timedelta(seconds=1):
        middle = earlier + (later - earlier) / 2
        if middle.astimezone(zone).utcoffset() == later.astimezone(zone).utcoffset():
            later = middle
        else:
            earlier = middle
    return later.replace(microsecond=0)
