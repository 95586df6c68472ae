"""Nothing that a team does changes anything that the customer can reach.

The tests use the tables of routes, commands and events. A new one of the team's side must be listed in `actions.py`,
or these tests fail. `test_live_leaks.py` covers sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from chatsite.realtime import groups, registry
from conversations.models import Business, TeamState
from conversations.serializers import ConversationObject, ConversationRevs
from conversations.team import events as team_events
from conversations.team import jobs
from conversations.team.assignment.assigning import assign_everywhere, assign_waiting
from notifications.delivery.escalation_check import check_due
from tests.attack.routes import addresses
from tests.conversations.people import client_of, say
from tests.team.actions import (
    SECRET,
    SETS_HOURS,
    TEAM_COMMANDS,
    TEAM_EVENTS,
    Action,
    team_actions,
    team_routes,
)
from tests.team.customers_view import LATER, CustomersView, differences, without_hours
from tests.team.scene import Scene, heard

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

TEAM_FIELDS: Final = {
    "assigneeId",
    "assignedAt",
    "groupId",
    "handedOverAt",
    "labelIds",
    "mentionIds",
    "note",
    "notes",
    "priority",
    "snoozedUntil",
    "team",
    "teamRev",
}
# Members' objects in which the customer's copy has no `teamRev`: the tests below see that it is missing.
SHARED: Final = {(ConversationObject, "teamRev"), (ConversationRevs, "teamRev")}


class Story:
    """The steps of a team: each of its requests, and each of its jobs."""

    def __init__(self) -> None:
        self.scene = scene = Scene()
        User.objects.filter(pk=scene.customer.pk).update(email="customer@mail.example")
        scene.customer.refresh_from_db()
        say(scene.talk, scene.member, ["an answer that the customer has not read"])
        self.member = client_of(scene.member)
        self.ids = {
            "talk": str(scene.talk.pk),
            "shop": str(scene.shop.pk),
            "me": str(scene.member.pk),
            "colleague": str(scene.colleague.pk),
        }
        self.used: set[tuple[str, str]] = set()

    def take(self, action: Action) -> None:
        path, body = action.filled(self.ids)
        self.used.add(action.route)
        answer = getattr(self.member, action.method.lower())(path, body, format="json")
        assert answer.status_code < 300, (action, answer.content)
        if action.makes:
            self.ids[action.makes] = answer.json()["id"]

    def tell(self, after: Callable[..., None]) -> None:
        for action in team_actions():
            self.take(action)
            name = f"{action.method} {action.path} {action.body}"
            after(name, sets_hours=action.route == SETS_HOURS)
            if "snoozedUntil" in action.body:
                TeamState.objects.update(snoozed_until=timezone.now())
                self._run(jobs.wake_snoozed, (), after)
        for job, arguments in self._jobs():
            self._run(job, arguments, after)

    def leak(self) -> None:
        """Change something that the customer sees."""
        Business.objects.filter(pk=self.scene.shop.pk).update(name="Another name")

    def _run(self, job: Any, arguments: tuple[str, ...], after: Callable[..., None]) -> None:
        job.call(*arguments)
        after(job.name)

    def _jobs(self) -> list[tuple[Any, tuple[str, ...]]]:
        return [
            (jobs.take_label_off, (self.ids["label"],)),
            (jobs.dissolve_group, (self.ids["group"],)),
            (assign_everywhere, ()),
            (assign_waiting, (self.ids["shop"],)),
            (jobs.unassign_former_member, (self.ids["shop"], str(self.scene.stranger.pk))),
        ]


class Watch:
    """Compares what the customer sees after each step with what was there before it."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self.view = CustomersView(story.scene)
        self.view.seen()  # the first visit
        self.before = self.view.seen()
        self.leaks: dict[str, str] = {}
        self.shows_hours: set[str] = set()

    def compare(self, step: str, *, everything: bool = False, sets_hours: bool = False) -> None:
        """Note each difference under the step's name, so that no later step is blamed for it."""
        self.view.ids["canned-answers"] = self._story.ids.get("canned_answer", "")
        before, now = self.before, self.view.seen(everything=everything)
        if sets_hours:
            self.shows_hours = {*differences(before, now)}
            before, now = without_hours(before), without_hours(now)
        found = differences(before, now)
        self.leaks |= {f"{step}: {place}": where for place, where in found.items()}
        self.before = self.before | {place: now[place] for place in found}


def test_no_action_changes_anything_that_the_customer_can_reach(settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL = True
    settings.SITE_URL = "https://chat.example"
    story = Story()
    check_due(timezone.now() + LATER)
    watch = Watch(story)
    theirs = {
        groups.user(str(story.scene.customer.pk)),
        groups.conversation(story.scene.talk.pk),
        groups.business_customers(story.scene.shop.pk),
    }
    first = watch.before
    reached = ("widget/^frame/(?P<slug>[-\\w]+)/?$", "widget/config/<slug:slug>.js", "mail")
    assert [place for place in reached if story.scene.shop.name.encode() not in first[place]] == []
    with heard() as sent:
        story.tell(watch.compare)
    watch.compare("all together", everything=True)
    assert watch.leaks == {}
    check_due(timezone.now() + LATER)
    assert watch.view.notices() == first["notices"]
    assert not any(SECRET.encode() in content for content in watch.before.values())
    assert "chat/^businesses/(?P<pk>[^/.]+)/availability/?$" in watch.shows_hours
    story.leak()
    watch.compare("a leak")
    assert {step.split(": ")[0] for step in watch.leaks} == {
        "a leak"
    }  # so there would have been others above
    assert [name for group, name, _ in sent if group in theirs] == []
    assert {name for _, name, _ in sent} == TEAM_EVENTS
    assert team_routes(addresses()) == story.used, "let team_actions use each address of the team's side"


def test_the_tables_list_everything_of_the_team() -> None:
    members_only = {name for name, kind in registry.events.items() if kind.to == team_events.MEMBERS}
    assert members_only == TEAM_EVENTS
    of_team = {
        name
        for name, command in registry.commands.items()
        if command.handler.__module__.startswith("conversations.team")
    }
    assert of_team == TEAM_COMMANDS


def test_no_object_of_another_event_or_answer_has_a_field_of_the_team() -> None:
    leaks = set()
    structs = [kind.data for name, kind in registry.events.items() if name not in TEAM_EVENTS]
    for name, command in registry.commands.items():
        if name not in TEAM_COMMANDS and name != "sync":  # above, with every number of the team's
            answers = command.answer if isinstance(command.answer, list) else [command.answer]
            structs += answers
    for struct in _reachable(structs):
        for field in msgspec.structs.fields(struct):
            if field.encode_name in TEAM_FIELDS and (struct, field.encode_name) not in SHARED:
                leaks.add((struct.__name__, field.encode_name))
    assert leaks == set()


def _reachable(structs: list[Any]) -> set[type[msgspec.Struct]]:
    found: set[type[msgspec.Struct]] = set()

    def visit(node: Any) -> None:
        if isinstance(node, msgspec.inspect.StructType):
            if node.cls in found:
                return
            found.add(node.cls)
            for field in node.fields:
                visit(field.type)
        for name in ("types", "item_types"):
            for one in getattr(node, name, ()):
                visit(one)
        for name in ("item_type", "key_type", "value_type"):
            if hasattr(node, name):
                visit(getattr(node, name))

    for struct in structs:
        visit(msgspec.inspect.type_info(struct))
    assert ConversationObject in found
    return found
