"""The reports of a team in the page: a chart and a table of one metric."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, get_args
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.models import Membership
from conversations.team.access import find_membership
from conversations.team.reports.keys import REMOVED
from conversations.team.reports.reporting import parse_day, report, today
from conversations.team.reports.requests import GroupBy, Metric, ReportRow, TeamReportObject

DAYS: Final = 28  # without other days
METRICS: Final[dict[str, str | Promise]] = {
    "first-response": _("First response"),
    "reply-time": _("Reply time"),
    "resolution": _("Resolution"),
    "csat": _("Ratings"),
    "volume": _("Volume"),
    "load": _("Messages by hour"),
}
GROUPINGS: Final[dict[str, str | Promise]] = {
    "none": _("Total"),
    "agent": _("By member"),
    "group": _("By group"),
    "label": _("By label"),
    "day": _("By day"),
}
# The row of what has no member, group or label.
WITHOUT: Final[dict[str, str | Promise]] = {
    "none": _("Total"),
    "agent": _("Nobody"),
    "group": _("No group"),
    "label": _("No label"),
}
# What the first column of the table has.
COLUMNS: Final[dict[str, str | Promise]] = {
    "load": _("Hour"),
    "none": _("Conversations"),
    "agent": _("Member"),
    "group": _("Group"),
    "label": _("Label"),
    "day": _("Day"),
}
VALUES: Final[dict[str, str | Promise]] = {
    "count": _("Number"),
    "median": _("Median"),
    "p90": _("90% within"),
    "medianOpen": _("Median in business hours"),
    "p90Open": _("90% within, in business hours"),
    "asked": _("Asked"),
    "rated": _("Rated"),
    "mean": _("Mean"),
    "positiveShare": _("Rated 4 or 5"),
    "episodes": _("Resolved"),
    "customerMessages": _("Messages of customers"),
    "answers": _("Answers"),
    "botAnswers": _("Answers of bots"),
    "systemMessages": _("Automatic messages"),
}
CHARTED: Final = {
    "csat": "positiveShare",
    "volume": "episodes",
    "load": "customerMessages",
}  # else the median
SHARES: Final = {"positiveShare"}
TIMES: Final = {"median", "p90", "medianOpen", "p90Open"}


@dataclass
class Bar:
    """A row of the chart. `length` is 100 for the longest one."""

    name: str
    text: str
    length: float


def reports_context(user: Any, business_id: str, query: QueryDict) -> dict[str, Any]:
    """Return what the page shows. Raise `not_found` if the user is no member, and `invalid` for a wrong period."""
    membership = find_membership(user.pk, business_id)
    business = membership.business
    metric: Any = query.get("metric") if query.get("metric") in get_args(Metric) else "first-response"
    group_by: Any = query.get("groupBy") if query.get("groupBy") in get_args(GroupBy) else "day"
    end = parse_day(query.get("to", ""), "to") or today(business.pk)
    begin = parse_day(query.get("from", ""), "from") or end - timedelta(days=DAYS - 1)
    shown = report(business.pk, metric=metric, begin=begin, end=end, group_by=group_by)
    charted = CHARTED.get(metric, "median")
    names = list(shown.rows[0].values) if shown.rows else []
    asked = {"businessId": str(business.pk), "metric": metric, "from": begin, "to": end, "groupBy": group_by}
    return {
        "business": business,
        "is_owner": membership.role == Membership.Role.OWNER,
        "section": "reports",
        "heading": gettext("Reports"),
        "shown": shown,
        "metrics": METRICS,
        "groupings": GROUPINGS,
        "title": METRICS[metric],
        "charted": VALUES[charted],
        "bars": _bars(shown, charted),
        "first_column": COLUMNS[metric] if metric in COLUMNS else COLUMNS[group_by],
        "columns": [VALUES.get(name, name) for name in names],
        "rows": [
            (_name(row, shown), [_text(name, row.values[name]) for name in names]) for row in shown.rows
        ],
        "csv_address": f"{reverse('web:landing')}team/reports?{urlencode({**asked, 'format': 'csv'})}",
    }


def _bars(shown: TeamReportObject, charted: str) -> list[Bar]:
    """Return a bar for each row. A share is one of 1, and everything else one of the most."""
    lengths = [row.values[charted] or 0 for row in shown.rows]
    most = 1 if charted in SHARES else max(lengths, default=0) or 1
    return [
        Bar(_name(row, shown), _text(charted, row.values[charted]), 100 * length / most)
        for row, length in zip(shown.rows, lengths, strict=True)
    ]


def _name(row: ReportRow, shown: TeamReportObject) -> str:
    if shown.metric == "load":  # a row for each hour, whatever the grouping
        return row.name
    if shown.group_by == "day" and row.key:
        return date_format(date.fromisoformat(row.key), "SHORT_DATE_FORMAT")
    if row.key is None:
        return str(WITHOUT[shown.group_by])
    return gettext("Removed") if row.name == REMOVED else row.name


def _text(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name in SHARES:
        return f"{round(100 * value)} %"
    if name in TIMES:
        return duration(value)
    return f"{value:g}" if name != "mean" else f"{value:.1f}"


def duration(seconds: float) -> str:
    """Return a time such as `45 s`, `3 min`, `2 h 5 min` or `3 d 4 h`."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{round(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 60 * 24:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
