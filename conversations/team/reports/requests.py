"""The bodies and the wire objects of reports and ratings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from conversations.serializers import WireObject

Metric = Literal["first-response", "reply-time", "resolution", "csat", "volume", "load"]
GroupBy = Literal["none", "agent", "group", "label", "day"]


class CsatSettingsObject(WireObject, kw_only=True):
    """Whether customers are asked for a rating. Without a question the usual one is asked."""

    example = {"enabled": True}

    enabled: bool
    question: Annotated[str, msgspec.Meta(max_length=300)] = ""


class CsatBody(WireObject, kw_only=True):
    """A rating from 1 to 5, the best."""

    example = {"score": 5, "comment": "Thank you!"}

    score: Annotated[int, msgspec.Meta(ge=1, le=5)]
    comment: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class CsatObject(WireObject, kw_only=True):
    """The open question to the customer, and the rating. `asked_at` is null without a question.

    It names no agent: that is the team's side.
    """

    example = {"askedAt": "2026-11-23T15:00:00Z", "comment": ""}

    conversation_id: UUID
    asked_at: datetime | None
    score: int | None
    comment: str
    rated_at: datetime | None


class ReportRow(WireObject, kw_only=True):
    """The values of one agent, group, label, day or hour. `key` is null for what has none."""

    example = {"key": "8", "name": "Olivia Hart", "values": {"count": 12, "median": 184.0}}

    key: str | None
    name: str
    values: dict[str, float | None]


class TeamReportObject(
    WireObject, kw_only=True, rename={"begin": "from", "end": "to", "group_by": "groupBy"}
):
    """Times are in seconds. `…Open` counts business hours alone. Both days are included."""

    example = {"metric": "first-response"}

    metric: Metric
    begin: date
    end: date
    timezone: str
    group_by: GroupBy
    rows: list[ReportRow]
