"""Quiet hours follow the person's local time, also on days of a clock change."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from notifications.delivery.quiet_hours import quiet_until

pytestmark = pytest.mark.standalone

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "begin", "end", "until"),
    [
        ("2026-01-10T12:00", "22:00", "07:00", None),
        ("2026-01-10T21:30", "22:00", "07:00", "2026-01-11T06:00"),
        ("2026-01-11T05:59", "22:00", "07:00", "2026-01-11T06:00"),
        ("2026-01-11T06:00", "22:00", "07:00", None),
        ("2026-01-10T12:00", "12:30", "14:00", "2026-01-10T13:00"),
        # The clock goes from 02:00 to 03:00 at 01:00 UTC: the night is an hour shorter.
        ("2026-03-28T22:00", "22:00", "07:00", "2026-03-29T05:00"),
        ("2026-03-29T00:30", "01:00", "02:30", "2026-03-29T01:00"),
        ("2026-03-29T01:00", "01:00", "02:30", None),
        # The clock goes from 03:00 to 02:00 at 01:00 UTC: the night is an hour longer, and 02:30 comes twice.
        ("2026-10-24T21:00", "22:00", "07:00", "2026-10-25T06:00"),
        ("2026-10-24T23:30", "01:00", "02:30", "2026-10-25T00:30"),
        ("2026-10-25T01:00", "01:00", "02:30", None),
    ],
)
def test_quiet_until(now: str, begin: str, end: str, until: str | None) -> None:
    found = quiet_until(utc(now), time.fromisoformat(begin), time.fromisoformat(end), BERLIN)
    assert found == (None if until is None else utc(until))
