"""How many messages customers and teams wrote at each hour of the day.

The database adds them up by quarters of an hour, because some zones are a part of an hour away from UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Func, IntegerField, Sum

from chatsite.errors import DomainError
from conversations.models import ChatMessage, Conversation, SenderKind, Side
from conversations.team.reports.requests import ReportRow

QUARTER: Final = timedelta(minutes=15)
MOST_MESSAGES: Final = 2_000_000  # of the conversations that one report reads
START: Final = datetime(1970, 1, 1, tzinfo=UTC)


class QuarterOf(Func):
    """The number of quarters of an hour since 1970."""

    template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 900)::integer"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Django's own functions of dates are Python on SQLite, and would run for each message.
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / 900"
        return self.as_sql(compiler, connection, template=template, **context)


def load_rows(business_id: UUID, begin: datetime, end: datetime, zone: ZoneInfo) -> list[ReportRow]:
    """Count messages of people by the hour on the wall, resolved or not."""
    _check_number(business_id, begin)
    counts: dict[str, list[int]] = {Side.CUSTOMER.value: [0] * 24, Side.BUSINESS.value: [0] * 24}
    messages = ChatMessage.objects.filter(
        conversation__business_id=business_id,
        conversation__active_at__gte=begin,
        created_at__gte=begin,
        created_at__lt=end,
        sender_side__in=counts.keys(),
        sender_kind=SenderKind.PERSON,
    ).order_by()
    grouped = messages.values("sender_side", quarter=QuarterOf("created_at")).annotate(number=Count("pk"))
    for side, quarter, number in grouped.values_list("sender_side", "quarter", "number"):
        counts[side][(START + quarter * QUARTER).astimezone(zone).hour] += number
    return [
        ReportRow(
            key=f"{hour:02}",
            name=f"{hour:02}:00",
            values={
                "customerMessages": counts[Side.CUSTOMER.value][hour],
                "answers": counts[Side.BUSINESS.value][hour],
            },
        )
        for hour in range(24)
    ]


def _check_number(business_id: UUID, begin: datetime) -> None:
    """Refuse to read too many messages. The conversations know how many they have."""
    read = Conversation.objects.filter(business_id=business_id, active_at__gte=begin)
    if (read.aggregate(messages=Sum("last_seq"))["messages"] or 0) > MOST_MESSAGES:
        raise DomainError(
            "too_large",
            f"The conversations of the period have more than {MOST_MESSAGES:,} messages. Choose a later start.",
            {"field": "from", "limit": MOST_MESSAGES},
        )
