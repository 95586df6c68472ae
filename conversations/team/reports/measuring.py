"""Measure an episode from its messages.

Only messages of people answer. Bots, automatic answers and other messages of the system are counted apart.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conversations.models import SenderKind, Side
from conversations.team.hours.replies import Line, is_answer, waits
from conversations.team.hours.schedule import Schedule

MOST_REPLIES = 1000  # that an episode keeps


@dataclass(slots=True)
class Measures:
    """The columns of an `Episode` that are measured."""

    opened_at: datetime
    resolution: int
    resolution_open: int
    first_response: int | None = None
    first_response_open: int | None = None
    replies: list[tuple[str, int, int]] = field(default_factory=list)
    customer_messages: int = 0
    answers: int = 0
    bot_answers: int = 0
    system_messages: int = 0


def measure(
    lines: Sequence[Line], resolved_at: datetime, schedule: Schedule | None
) -> tuple[Measures, Any] | None:
    """Return the measures and who answered last. None without a message of the customer."""
    first = next((n for n, line in enumerate(lines) if line.side == Side.CUSTOMER), None)
    if first is None:
        return None
    lines = lines[first:]
    opened_at = lines[0].at
    measures = Measures(opened_at, *seconds(opened_at, resolved_at, schedule))
    _count(measures, lines)
    for wait in list(waits(lines))[:MOST_REPLIES]:
        spent = seconds(wait.asked_at, wait.answered_at, schedule)
        if not measures.replies:
            measures.first_response, measures.first_response_open = spent
        measures.replies.append((str(wait.agent_id), *spent))
    answered_by = [line.sender_id for line in lines if is_answer(line)]
    return measures, answered_by[-1] if answered_by else None


def seconds(begin: datetime, end: datetime, schedule: Schedule | None) -> tuple[int, int]:
    """Return the time by the clock, and in business hours. Without hours the business counts as always open."""
    by_clock = max(0, round((end - begin).total_seconds()))
    return by_clock, by_clock if schedule is None else schedule.seconds_between(begin, end)


def _count(measures: Measures, lines: Collection[Line]) -> None:
    for line in lines:
        if line.side == Side.CUSTOMER:
            measures.customer_messages += 1
        elif is_answer(line):
            measures.answers += 1
        elif line.kind == SenderKind.BOT:
            measures.bot_answers += 1
        else:
            measures.system_messages += 1
