"""The team's filters of the list of conversations, for members of a business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import Q

from chatsite.errors import DomainError, invalid
from conversations.access import UserId, object_key, user_key
from conversations.models import TeamState

NAMES: Final = ("status", "assignee", "label", "group", "priority")
NONE: Final = "none"


def team_filter(user_id: UserId, query: Mapping[str, str]) -> Q | None:
    """Return the condition of the filters in a query, or None without any. A conversation without a state is open."""
    asked = {name: query[name] for name in NAMES if query.get(name)}
    if not asked:
        return None
    found = Q()
    if "status" in asked:
        found &= _status(_one_of("status", asked["status"], TeamState.Status.values))
    if "priority" in asked:
        known = [*TeamState.Priority.values, NONE]
        found &= _priority(_one_of("priority", asked["priority"], known))
    if "assignee" in asked:
        found &= _assignee(user_id, asked["assignee"])
    if "group" in asked:
        found &= Q(team_state__group=None if asked["group"] == NONE else _key("group", asked["group"]))
    if "label" in asked:
        found &= Q(team_state__labelled__label=_key("label", asked["label"]))
    return found


def known_filters(user_id: UserId, query: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of a query without those that are not valid, such as those of an old bookmark."""
    found = {}
    for name in NAMES:
        try:
            if team_filter(user_id, {name: query.get(name, "")}) is not None:
                found[name] = query[name]
        except DomainError:
            continue
    return found


def _status(status: str) -> Q:
    found = Q(team_state__status=status)
    return found | Q(team_state=None) if status == TeamState.Status.OPEN else found


def _priority(priority: str) -> Q:
    if priority == NONE:
        return Q(team_state__priority="") | Q(team_state=None)
    return Q(team_state__priority=priority)


def _assignee(user_id: UserId, raw: str) -> Q:
    if raw == NONE:
        return Q(team_state__assignee=None)
    try:
        return Q(team_state__assignee=user_id if raw == "me" else user_key(raw))
    except DomainError as error:
        raise invalid("assignee must be me, none or the id of a user.", field="assignee") from error


def _one_of(name: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise invalid(f"{name} must be one of {', '.join(known)}.", field=name)
    return value


def _key(name: str, raw: str) -> object:
    try:
        return object_key(raw, name)
    except DomainError as error:
        raise invalid(f"{name} must be an id.", field=name) from error
