"""Hours with breaks, past midnight, on days of a clock change, on holidays and on exceptional days."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from conversations.team.hours.answer_time import in_words, rounded_minutes
from conversations.team.hours.schedule import Range, Schedule, knows_holidays

pytestmark = pytest.mark.standalone

BERLIN = ZoneInfo("Europe/Berlin")


def ranges(text: str) -> list[Range]:
    found = []
    for one in text.split():
        begin, end = one.split("-")
        found.append(Range(time.fromisoformat(begin), None if end == "24:00" else time.fromisoformat(end)))
    return found


def week(text: str, days: Sequence[int] = range(7), **more: object) -> Schedule:
    weekly = [ranges(text) if day in days else [] for day in range(7)]
    return Schedule(zone=BERLIN, weekly=weekly, **more)  # type: ignore[arg-type]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_open", "opens", "closes"),
    [
        # Saturday 10 January 2026, one hour ahead of UTC.
        ("2026-01-10T08:59", False, "2026-01-12T08:00", None),
        ("2026-01-12T07:59:59", False, "2026-01-12T08:00", None),
        ("2026-01-12T08:00", True, "2026-01-12T08:00", "2026-01-12T11:00"),
        ("2026-01-12T11:00", False, "2026-01-12T12:00", None),
        ("2026-01-12T16:59:59", True, "2026-01-12T16:59:59", "2026-01-12T17:00"),
        ("2026-01-16T17:00", False, "2026-01-19T08:00", None),
    ],
)
def test_a_week_with_a_break(now: str, is_open: bool, opens: str, closes: str | None) -> None:
    schedule = week("09:00-12:00 13:00-18:00", days=range(5))
    assert schedule.is_open(utc(now)) is is_open
    assert schedule.opens_at(utc(now)) == utc(opens)
    assert schedule.closes_at(utc(now)) == (utc(closes) if closes else None)


def test_a_range_past_midnight_belongs_to_the_day_it_begins_on() -> None:
    bar = week("20:00-02:00", days=[4])  # Friday night
    assert bar.is_open(utc("2026-01-17T00:59"))
    assert not bar.is_open(utc("2026-01-17T01:00"))
    assert not bar.is_open(utc("2026-01-16T00:30"))  # the night to Friday
    assert bar.closes_at(utc("2026-01-16T19:00")) == utc("2026-01-17T01:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_whole_day_is_as_long_as_the_clock_makes_it(day: str, hours: int) -> None:
    begin = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    sunday = week("00:00-24:00", days=[begin.weekday()])
    end = begin.astimezone(UTC) + timedelta(days=3)
    assert sunday.seconds_between(begin - timedelta(days=1), end) == hours * 3600


def test_always_open_never_closes_and_never_open_never_opens() -> None:
    now = utc("2026-03-28T22:10")
    always, never = week("00:00-12:00 12:00-24:00"), week("")
    assert (always.is_open(now), always.opens_at(now), always.closes_at(now)) == (True, now, None)
    assert (never.is_open(now), never.opens_at(now), never.closes_at(now)) == (False, None, None)


def test_exceptions_come_before_holidays_and_holidays_before_the_week() -> None:
    exceptions = {date(2026, 12, 24): ranges("10:00-14:00"), date(2026, 12, 26): ranges("11:00-12:00")}
    shop = week("09:00-18:00", exceptions=exceptions, country="DE", subdivision="BY")
    assert shop.closes_at(utc("2026-12-24T10:00")) == utc("2026-12-24T13:00")
    assert shop.opens_at(utc("2026-12-24T13:00")) == utc("2026-12-26T10:00")  # not on Christmas Day
    assert shop.opens_at(utc("2026-01-06T08:00")) == utc("2026-01-07T08:00")  # Epiphany, a holiday of Bavaria
    assert shop.is_open(utc("2026-12-28T10:00"))


def test_which_holidays_are_known() -> None:
    assert knows_holidays("DE", "")
    assert knows_holidays("DE", "BY")
    assert not knows_holidays("DE", "XX")
    assert not knows_holidays("XX", "")


def test_equal_to_a_count_minute_by_minute() -> None:
    """A slow reference reads the local time of every minute."""
    choose = random.Random(20)
    for _ in range(12):
        weekly = []
        for _ in range(7):
            hours = sorted(choose.sample(range(24), 2 * choose.randint(0, 2)))
            pairs = list(zip(hours[::2], hours[1::2], strict=True))
            weekly.append([Range(time(begin), time(end)) for begin, end in pairs])
            if choose.random() < 0.4:
                weekly[-1].append(Range(time(22, 30), time(choose.randint(0, 6))))
        schedule = Schedule(zone=BERLIN, weekly=weekly)
        # A time that the clock skips or repeats needs a rule. All other times of these days must agree.
        begin = choose.choice([utc("2026-03-28T03:00"), utc("2026-10-25T03:00"), utc("2026-06-01T00:00")])
        minutes = 60 * 40
        expected = [_is_open_on_the_wall(schedule, begin + timedelta(minutes=n)) for n in range(minutes)]
        assert schedule.seconds_between(begin, begin + timedelta(minutes=minutes)) == 60 * sum(expected)
        for n in choose.sample(range(minutes), 20):
            assert schedule.is_open(begin + timedelta(minutes=n)) is expected[n]


def _is_open_on_the_wall(schedule: Schedule, moment: datetime) -> bool:
    wall = moment.astimezone(schedule.zone)
    today, before = schedule.weekly[wall.weekday()], schedule.weekly[wall.weekday() - 1]
    for one in today:
        assert one.end is not None
        if one.begin <= wall.time() and (wall.time() < one.end or one.end <= one.begin):
            return True
    return any(one.end is not None and one.end <= one.begin and wall.time() < one.end for one in before)


@pytest.mark.parametrize(
    ("seconds", "minutes", "words"),
    [
        (0, 5, "about 5 minutes"),
        (301, 15, "about 15 minutes"),
        (3600, 60, "about an hour"),
        (3601, 120, "about 2 hours"),
        (22 * 3600 + 1, 23 * 60, "about 23 hours"),
        (23 * 3600 + 1, 24 * 60, "about a day"),
        (25 * 3600, 2 * 24 * 60, "about 2 days"),
    ],
)
def test_answer_times_are_rounded_up(seconds: int, minutes: int, words: str) -> None:
    assert rounded_minutes(seconds) == minutes
    assert in_words(minutes) == words
