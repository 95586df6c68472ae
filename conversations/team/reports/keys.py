"""The names of the rows of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model

from chatsite.identity.names import display_name
from chatsite.identity.users import parse_user_key
from conversations.models import Label, TeamGroup
from conversations.team.reports.requests import GroupBy, ReportRow
from conversations.team.reports.statistics import Values

REMOVED: Final = "removed"
NOBODY: Final = {"agent": "nobody", "group": "no group", "label": "no label", "none": "all"}


def named_rows(business_id: UUID, group_by: GroupBy, values: Mapping[str | None, Values]) -> list[ReportRow]:
    """Return the rows in the order of their names. The row without a key comes last."""
    names = _names(business_id, group_by, [key for key in values if key is not None])
    rows = [
        ReportRow(key=key, name=names.get(key, REMOVED), values=values[key])
        for key in values
        if key is not None
    ]
    rows.sort(key=lambda row: (row.name, row.key or ""))
    if None in values:
        rows.append(ReportRow(key=None, name=NOBODY.get(group_by, ""), values=values[None]))
    return rows


def _names(business_id: UUID, group_by: GroupBy, keys: Iterable[str]) -> dict[str, str]:
    if group_by == "agent":
        users = get_user_model()._default_manager.filter(pk__in=[parse_user_key(key) for key in keys])
        return {str(user.pk): display_name(user) for user in users}
    if group_by in {"group", "label"}:
        model = TeamGroup if group_by == "group" else Label
        rows = model._default_manager.filter(business_id=business_id, pk__in=list(keys))
        return {str(key): name for key, name in rows.values_list("pk", "name")}
    return {key: key for key in keys}
