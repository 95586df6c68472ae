"""The settings of a team in the page: what they show, and what their forms say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from zoneinfo import available_timezones

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import DomainError, from_decoding, invalid
from chatsite.identity.names import display_name
from chatsite.web.canned_answers import answer_rows, scope_choices
from chatsite.web.holiday_choices import country_choices, subdivision_choices
from chatsite.web.refused_forms import is_refused_row, with_refused_values
from conversations.models import BusinessHours, Membership, TeamGroup
from conversations.team import groups, labels, setup
from conversations.team.access import find_membership
from conversations.team.assignment import rules
from conversations.team.assignment.rules import AssignmentObject
from conversations.team.automations import operations as automations
from conversations.team.automations.operations import AutomationsObject
from conversations.team.hours import operations as hours
from conversations.team.hours.serializers import HoursBody, RangeObject, hours_object
from conversations.team.reports import csat
from conversations.team.reports.requests import CsatSettingsObject
from conversations.team.requests import GroupBody, GroupChanges, LabelBody, LabelChanges

DAYS: Final = (
    ("monday", _("Monday")),
    ("tuesday", _("Tuesday")),
    ("wednesday", _("Wednesday")),
    ("thursday", _("Thursday")),
    ("friday", _("Friday")),
    ("saturday", _("Saturday")),
    ("sunday", _("Sunday")),
)
_RANGE: Final = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)")
_TIMES: Final = r"\d{1,2}:\d\d\s*[-–]\s*\d{1,2}:\d\d"
# A day, its times and its name. What begins like a time is no name, but a mistyped time.
_EXCEPTION: Final = re.compile(
    rf"(\d{{4}}-\d\d-\d\d)(?:\s+({_TIMES}(?:\s*,\s*{_TIMES})*))?(?:\s+((?!\d+(?:[:.]\d|\s*[-–]\s*\d)).*))?"
)


def settings_context(user: Any, business_id: str, typed: Any) -> dict[str, Any]:
    """Return what the page shows. `typed` is a form with a wrong entry, or empty.

    Raise `not_found` if the user is no member of the business.
    """
    membership = find_membership(user.pk, business_id)
    key = str(membership.business_id)
    form = typed.get("form", "")
    members = membership.business.memberships.select_related("user").order_by("pk")
    return {
        "business": membership.business,
        "is_owner": membership.role == Membership.Role.OWNER,
        "section": "settings",
        "heading": gettext("Team settings"),
        "members": [(str(row.user_id), display_name(row.user)) for row in members],
        "labels": with_refused_values(
            labels.labels_of(user.pk, key).order_by("name"), typed, "label", "name", "color"
        ),
        "groups": [
            (row, _members_in(row, typed))
            for row in with_refused_values(groups.groups_of(user.pk, key), typed, "group", "name")
        ],
        "typed_members": typed.getlist("members") if form == "group" and not typed.get("id") else [],
        "answers": answer_rows(membership, typed),
        "answer_scopes": scope_choices(membership, typed),
        "hours": _with_subdivisions(_hours_shown(membership) | _typed_hours(typed)),
        "countries": country_choices(),
        "zones": sorted(available_timezones() - {"localtime", "Factory"}),
        "automations": automations.read_automations(user_id=user.pk, business_id=key),
        "assignment": typed
        if form == "assignment"
        else rules.read_assignment(user_id=user.pk, business_id=key),
        "csat": typed if form == "csat" else csat.read_settings(user_id=user.pk, business_id=key),
    }


def _members_in(group: TeamGroup, typed: Any) -> set[str]:
    if is_refused_row(group, typed, "group"):
        return set(typed.getlist("members"))
    return {str(member.pk) for member in group.members.all()}


def _hours_shown(membership: Membership) -> dict[str, Any]:
    found = BusinessHours.objects.filter(business=membership.business_id).first()
    shown = hours_object(found) if found else None
    days = [(name, text, _times(getattr(shown.weekly, name) if shown else [])) for name, text in DAYS]
    exceptions = shown.exceptions if shown else []
    return {
        "days": days,
        "exceptions": "\n".join(f"{one.date} {_times(one.ranges)} {one.name}" for one in exceptions),
        "timezone": shown.timezone if shown else "UTC",
        "country": shown.holidays.country if shown and shown.holidays else "",
        "subdivision": shown.holidays.subdivision if shown and shown.holidays else "",
        "are_set": shown is not None,
    }


def _typed_hours(typed: Mapping[str, Any]) -> dict[str, Any]:
    if typed.get("form") != "hours":
        return {}
    fields = ("timezone", "country", "subdivision", "exceptions")
    days = [(name, text, typed.get(name, "")) for name, text in DAYS]
    return {"days": days} | {name: typed.get(name, "") for name in fields}


def _with_subdivisions(shown: dict[str, Any]) -> dict[str, Any]:
    return shown | {"subdivisions": subdivision_choices(shown["country"])}


def _times(ranges: list[RangeObject]) -> str:
    return ", ".join(f"{one.begin}-{one.end}" for one in ranges)


def apply_form(user_id: Any, business_id: str, form: QueryDict) -> None:
    """Do what a form of the page asks for. `form` names it. Raise `DomainError` for a wrong entry."""
    action = FORMS.get(form.get("form", ""))
    if action is None:
        raise invalid("There is no such form.", field="form")
    try:
        action(user_id, business_id, form)
    except msgspec.ValidationError as error:
        raise from_decoding(error) from error


def _label(user_id: Any, business_id: str, form: QueryDict) -> None:
    if "delete" in form:
        labels.delete_label(user_id=user_id, row_id=form.get("id", ""))
    elif form.get("id"):
        body = LabelChanges(name=form.get("name", ""), color=form.get("color", ""))
        labels.change_label(user_id=user_id, row_id=form.get("id", ""), body=body)
    else:
        new = LabelBody(business_id=business_id, name=form.get("name", ""), color=form.get("color", ""))
        labels.make_label(user_id=user_id, body=new)


def _group(user_id: Any, business_id: str, form: QueryDict) -> None:
    members = form.getlist("members")
    if "delete" in form:
        groups.delete_group(user_id=user_id, row_id=form.get("id", ""))
    elif form.get("id"):
        body = GroupChanges(name=form.get("name", ""), member_ids=members)
        groups.change_group(user_id=user_id, row_id=form.get("id", ""), body=body)
    else:
        new = GroupBody(business_id=business_id, name=form.get("name", ""), member_ids=members)
        groups.make_group(user_id=user_id, body=new)


def _hours(user_id: Any, business_id: str, form: QueryDict) -> None:
    if "delete" in form:
        hours.remove_hours(user_id=user_id, business_id=business_id)
        return
    country, subdivision = form.get("country", "").strip().upper(), form.get("subdivision", "")
    if subdivision not in dict(subdivision_choices(country)):  # the part of another country, chosen before
        subdivision = ""
    body = {
        "timezone": form.get("timezone", ""),
        "weekly": {name: _ranges(name, form.get(name, "")) for name, _text in DAYS},
        "exceptions": _exceptions(form.get("exceptions", "")),
        "holidays": {"country": country, "subdivision": subdivision} if country else None,
    }
    hours.set_hours(user_id=user_id, business_id=business_id, body=msgspec.convert(body, HoursBody))


def _ranges(name: str, text: str) -> list[dict[str, str]]:
    """Read `9:00-12:30, 13:30-18:00`."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise invalid(gettext("Write times like 09:00-12:30, 13:30-18:00."), field=name)
        begin, begin_minutes, end, end_minutes = match.groups()
        found.append({"from": f"{begin:0>2}:{begin_minutes}", "to": f"{end:0>2}:{end_minutes}"})
    return found


def _exceptions(text: str) -> list[dict[str, Any]]:
    """Read a day in each line: `2026-12-24 09:00-13:00 Christmas Eve`. Without times it is closed."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = _EXCEPTION.fullmatch(line)
        if match is None:
            raise invalid(
                gettext("Write days like 2026-12-24 09:00-13:00 Christmas Eve."), field="exceptions"
            )
        day, times, name = match.groups()
        found.append({"date": day, "ranges": _ranges("exceptions", times or ""), "name": name or ""})
    return found


def _automations(user_id: Any, business_id: str, form: QueryDict) -> None:
    texts = {name: form.get(name, "").replace("\r\n", "\n") for name in ("welcome", "away")}
    body = msgspec.convert(texts, AutomationsObject)
    automations.set_automations(user_id=user_id, business_id=business_id, body=body)


def _assignment(user_id: Any, business_id: str, form: QueryDict) -> None:
    raw = form.get("capacity", "").strip()
    body = {"mode": form.get("mode", ""), "capacity": raw or None}
    rule = msgspec.convert(body, AssignmentObject, strict=False)
    rules.set_assignment(user_id=user_id, business_id=business_id, body=rule)


def _csat(user_id: Any, business_id: str, form: QueryDict) -> None:
    body = msgspec.convert(
        {"enabled": "enabled" in form, "question": form.get("question", "")}, CsatSettingsObject
    )
    csat.set_settings(user_id=user_id, business_id=business_id, body=body)


def _setup(user_id: Any, business_id: str, _form: QueryDict) -> None:
    setup.hide_setup(user_id=user_id, business_id=business_id)


FORMS: Final[dict[str, Callable[[Any, str, QueryDict], None]]] = {
    "label": _label,
    "group": _group,
    "hours": _hours,
    "automations": _automations,
    "assignment": _assignment,
    "csat": _csat,
    "setup": _setup,
}


def refusal_of(error: DomainError, otherwise: str) -> str:
    """Return what is wrong with an entry. The messages of the API name the field."""
    return error.message if error.code in ("invalid", "conflict", "too_large") else otherwise
