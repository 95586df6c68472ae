"""What a team can do, as requests.

One test makes them in the process, and another against a server. A new address of the team's side must be listed
here, or `test_leaks.py` fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.attack.routes import Address

SECRET: Final = "zq-secret"  # in every text that the team writes
TEAM_EVENTS: Final = {"team_state_updated", "note_added", "note_edited", "note_deleted"}
TEAM_COMMANDS: Final = {"set_team_state", "hand_over", "add_note", "edit_note", "delete_note"}
TEAM_ROUTE: Final = re.compile(
    r"\^?(chat/\^?conversations/.*/(team|notes|hand-over)|team/(?!\^?invitations))"
)
PARAMETER: Final = re.compile(r"\(\?P<\w+>[^)]*\)|\{\w+\}")
NOTES: Final = "/chat/conversations/{talk}/notes"
TEAM: Final = "/chat/conversations/{talk}/team"
NINE_TO_FIVE: Final = [{"from": "09:00", "to": "17:00"}]


@dataclass(frozen=True)
class Action:
    """One request of a member. `makes` names the id in the answer, which later paths and bodies use as `{name}`."""

    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    makes: str = ""

    @property
    def route(self) -> tuple[str, str]:
        return self.method, shape_of(self.path)

    def filled(self, ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
        return self.path.format(**ids), {name: _filled(value, ids) for name, value in self.body.items()}


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(one, ids) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, ids) for name, one in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


def shape_of(path: str) -> str:
    """Return the same shape for the pattern of a route and for the path of an action."""
    plain = PARAMETER.sub("*", path).replace("^", "").removesuffix("/?$")
    return plain.strip("/")


SETS_HOURS: Final = ("PUT", "team/business-hours/*")  # customers see them, until the next action removes them
# Customers see who is a member.
SEEN_BY_CUSTOMERS: Final = {("DELETE", "team/members/*")}


def team_routes(addresses: list[Address]) -> set[tuple[str, str]]:
    """Return each address by which a team changes something that customers do not see."""
    found = {
        (address.method, shape_of(address.pattern))
        for address in addresses
        if address.method not in ("GET", "HEAD") and TEAM_ROUTE.match(address.pattern)
    }
    return found - SEEN_BY_CUSTOMERS


def team_actions() -> Iterator[Action]:
    """Return every action of a team, in an order in which a member would take them.

    The ids that the actions need from the start are `talk`, `shop`, `me` and `colleague`.
    """
    yield from _make_things()
    yield from _settings()
    for body in (
        {"assigneeId": "{colleague}"},
        {"groupId": "{group}", "labelIds": ["{label}"]},
        {"priority": "urgent"},
        {"status": "pending"},
        {"status": "snoozed", "snoozedUntil": "2999-01-01T00:00:00Z"},
        {"status": "resolved"},
    ):
        yield Action("PATCH", TEAM, body)
        if body.get("status") == "pending":
            yield Action("POST", "/chat/conversations/{talk}/hand-over")
    yield Action("POST", NOTES, {"content": f"{SECRET} note", "mentionIds": ["{colleague}"]}, "note")
    yield Action("PATCH", f"{NOTES}/{{note}}", {"content": f"{SECRET} edited"})
    yield Action("DELETE", f"{NOTES}/{{note}}")
    for kind in ("canned-answer", "label", "group"):
        yield Action("DELETE", f"/team/{kind}s/{{{kind.replace('-', '_')}}}")


def _make_things() -> Iterator[Action]:
    shop = {"businessId": "{shop}"}
    yield Action("POST", "/team/labels", {**shop, "name": f"{SECRET} label", "color": "#00ff00"}, "label")
    yield Action("POST", "/team/groups", {**shop, "name": f"{SECRET} group", "memberIds": ["{me}"]}, "group")
    yield Action("PATCH", "/team/labels/{label}", {"name": f"{SECRET} new"})
    yield Action("PATCH", "/team/groups/{group}", {"name": f"{SECRET} new"})
    answer = {**shop, "code": "secret", "text": f"{SECRET} answer"}
    yield Action("POST", "/team/canned-answers", answer, "canned_answer")
    yield Action("PATCH", "/team/canned-answers/{canned_answer}", {"text": f"{SECRET} other answer"})
    yield Action("POST", "/team/canned-answers/{canned_answer}/use", {"conversationId": "{talk}"})
    view = {**shop, "name": f"{SECRET} view", "filters": {"status": "open"}, "scope": "business"}
    yield Action("POST", "/team/views", view, "view")
    yield Action("PATCH", "/team/views/{view}", {"name": f"{SECRET} other view"})
    yield Action("DELETE", "/team/views/{view}")
    for role in ("agent", "owner"):
        yield Action("PATCH", "/team/members/{colleague}", {**shop, "role": role})
    changes = [{"conversationId": "{talk}", "priority": "high"}]
    yield Action("POST", "/team/states/bulk", {"changes": changes})


def _settings() -> Iterator[Action]:
    """Return actions that customers may see, such as business hours. Each is undone again."""
    for mode in ("round_robin", "off"):
        yield Action("PUT", "/team/assignment/{shop}", {"mode": mode, "capacity": None})
    for text in (SECRET, ""):
        yield Action("PUT", "/team/automations/{shop}", {"welcome": text, "away": text})
    for enabled in (True, False):
        yield Action("PUT", "/team/csat/{shop}", {"enabled": enabled, "question": SECRET})
    hours = {"timezone": "Europe/Berlin", "weekly": {"monday": NINE_TO_FIVE}}
    yield Action("PUT", "/team/business-hours/{shop}", hours)
    yield Action("DELETE", "/team/business-hours/{shop}")
