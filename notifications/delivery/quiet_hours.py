"""Quiet hours in a person's time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from conversations.team.hours.local_time import instant_of


def quiet_until(now: datetime, begin: time, end: time, zone: ZoneInfo) -> datetime | None:
    """Return when the current quiet hours end, or None outside of them.

    Compares instants instead of local times, because a clock change repeats or skips some local times.
    """
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        begins = instant_of(day, begin, zone)
        ends = instant_of(day if end > begin else day + timedelta(days=1), end, zone)
        if begins <= now < ends:
            return ends
    return None
