"""Quiet hours in a person's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(now: datetime, begin: time, end: time, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours that `now` lies in end, or None outside of them.

    Compares instants and not the clock on the wall, which shows some times twice a year twice, and others never. A
    time that the clock skips counts as the moment of the skip.
    """
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        begins = _instant(day, begin, zone)
        ends = _instant(day if end > begin else day + timedelta(days=1), end, zone)
        if begins <= now < ends:
            return ends
    return None


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
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
