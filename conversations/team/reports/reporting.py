"""The reports of a business, from its measured episodes.

An episode counts on the day on which it was resolved, in the business's time zone. An episode with two labels counts
for both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from chatsite.errors import DomainError, invalid
from conversations.models import Episode
from conversations.team.hours.local_time import instant_of
from conversations.team.hours.operations import schedule_of
from conversations.team.reports.keys import named_rows
from conversations.team.reports.load import load_rows
from conversations.team.reports.requests import GroupBy, Metric, ReportRow, TeamReportObject
from conversations.team.reports.statistics import Values, durations, ratings

LONGEST: Final = timedelta(days=366)
YEARS: Final = range(2000, 9001)
MOST_EPISODES: Final = 50_000
COUNTS: Final = ("customer_messages", "answers", "bot_answers", "system_messages")
COLUMNS: Final = (
    "agent_id", "group_id", "label_ids", "resolved_at", "first_response", "first_response_open", "resolution",
    "resolution_open", "replies", "asked_at", "score", *COUNTS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """From the begin of one day to the end of another, in the business's time zone."""

    begin: date
    end: date
    zone: ZoneInfo

    @property
    def instants(self) -> tuple[datetime, datetime]:
        after = self.end + timedelta(days=1)
        return instant_of(self.begin, time(0), self.zone), instant_of(after, time(0), self.zone)


def parse_day(raw: str, name: str) -> date | None:
    """Return a day of a query, or None if it is "". Days near the ends of the calendar leave no room for a period."""
    if not raw:
        return None
    try:
        day = date.fromisoformat(raw)
    except ValueError as error:
        raise invalid(f"{name} must be a day such as 2026-01-31.", field=name) from error
    if day.year not in YEARS:
        raise invalid(f"{name} must be a day such as 2026-01-31.", field=name)
    return day


def report(
    business_id: UUID, *, metric: Metric, begin: date, end: date, group_by: GroupBy
) -> TeamReportObject:
    if not timedelta(0) <= end - begin < LONGEST or begin.year not in YEARS:
        raise invalid("`to` must not be before `from`, and at most 366 days later.", field="to")
    schedule = schedule_of(business_id)
    period = Period(begin, end, schedule.zone if schedule else ZoneInfo("UTC"))
    if metric == "load":
        rows = load_rows(business_id, *period.instants, period.zone)
    else:
        rows = _of_episodes(business_id, metric, period, group_by)
    return TeamReportObject(
        metric=metric, begin=begin, end=end, timezone=str(period.zone), group_by=group_by, rows=rows
    )


def _of_episodes(business_id: UUID, metric: Metric, period: Period, group_by: GroupBy) -> list[ReportRow]:
    grouped: defaultdict[str | None, list[Episode]] = defaultdict(list)
    if group_by == "none":
        grouped[None] = []
    for episode in _episodes(business_id, period):
        for key, part in _keys(episode, metric, period, group_by):
            grouped[key].append(part)
    values = {key: _VALUES[metric](episodes) for key, episodes in grouped.items()}
    return named_rows(business_id, group_by, values)


def _episodes(business_id: UUID, period: Period) -> Iterable[Episode]:
    begin, end = period.instants
    rows = Episode.objects.filter(
        business_id=business_id, resolved_at__gte=begin, resolved_at__lt=end, measured_at__isnull=False
    )
    found = list(rows.order_by("resolved_at", "id").only(*COLUMNS)[: MOST_EPISODES + 1])
    if len(found) > MOST_EPISODES:
        details = {"field": "to", "limit": MOST_EPISODES}
        raise DomainError("too_large", f"The period has more than {MOST_EPISODES} episodes.", details)
    return found


def _keys(
    episode: Episode, metric: Metric, period: Period, group_by: GroupBy
) -> Iterable[tuple[str | None, Episode]]:
    """Yield the groups that the episode counts for. A reply counts for who wrote it."""
    if group_by == "agent":
        if metric == "reply-time":
            for agent_id in {reply[0] for reply in episode.replies}:
                replies = [reply for reply in episode.replies if reply[0] == agent_id]
                yield agent_id, Episode(replies=replies)
        else:
            yield None if episode.agent_id is None else str(episode.agent_id), episode
    elif group_by == "group":
        yield None if episode.group_id is None else str(episode.group_id), episode
    elif group_by == "label":
        for label_id in episode.label_ids or [None]:
            yield label_id, episode
    elif group_by == "day":
        yield episode.resolved_at.astimezone(period.zone).date().isoformat(), episode
    else:
        yield None, episode


def _first_responses(episodes: Sequence[Episode]) -> Values:
    answered = [one for one in episodes if one.first_response is not None]
    return durations(
        [one.first_response or 0 for one in answered], [one.first_response_open or 0 for one in answered]
    )


def _reply_times(episodes: Sequence[Episode]) -> Values:
    replies = [reply for one in episodes for reply in one.replies]
    return durations([reply[1] for reply in replies], [reply[2] for reply in replies])


def _resolutions(episodes: Sequence[Episode]) -> Values:
    return durations(
        [one.resolution or 0 for one in episodes], [one.resolution_open or 0 for one in episodes]
    )


def _ratings(episodes: Sequence[Episode]) -> Values:
    asked = sum(one.asked_at is not None for one in episodes)
    return ratings(asked, [one.score for one in episodes if one.score is not None])


def _volume(episodes: Sequence[Episode]) -> Values:
    counted: Values = {"episodes": len(episodes)}
    names = {
        "customerMessages": COUNTS[0],
        "answers": COUNTS[1],
        "botAnswers": COUNTS[2],
        "systemMessages": COUNTS[3],
    }
    return counted | {shown: sum(getattr(one, name) for one in episodes) for shown, name in names.items()}


_VALUES: Final[dict[str, Callable[[Sequence[Episode]], Values]]] = {
    "first-response": _first_responses,
    "reply-time": _reply_times,
    "resolution": _resolutions,
    "csat": _ratings,
    "volume": _volume,
}


def today(business_id: UUID) -> date:
    schedule = schedule_of(business_id)
    return datetime.now(UTC).astimezone(schedule.zone if schedule else UTC).date()
