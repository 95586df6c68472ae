"""Nothing that a team does changes anything that the customer can reach.

The tests use the tables of routes, commands and events. A new one of the team's side must be listed in `actions.py`,
or these tests fail. `test_live_leaks.py` covers sockets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chatsite.realtime import groups, registry
from chatsite.widget.operations import WidgetSettings, create_site
from conversations.models import TeamState
from conversations.moderation.exports import export_person
from conversations.serializers import ConversationObject, ConversationRevs
from conversations.sync import SyncCommand, heartbeat_answers_for, synchronise
from conversations.team import events as team_events
from conversations.team import jobs
from conversations.team.assignment.assigning import assign_everywhere, assign_waiting
from notifications.delivery.escalation_check import check_due
from notifications.delivery.mail.composing import compose
from notifications.delivery.mail.sending import unread_sections
from notifications.delivery.models import Escalation, Notice
from notifications.delivery.preferences import preferences_of
from notifications.delivery.push.content import message_content
from notifications.models import Notification
from tests.attack.routes import Address, addresses, read_addresses
from tests.conversations.people import client_of, say
from tests.team.actions import (
    MAIN_PLACES,
    OPEN_TO_ALL,
    SECRET,
    TEAM_COMMANDS,
    TEAM_EVENTS,
    Action,
    team_actions,
    team_routes,
)
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
THE_SAME_FOR_ALL: Final = {"metrics", "readyz", "healthz", "schema", "docs", "asyncapi"}
CHANGING: Final = re.compile(
    rb'nonce="[^"]*"|name="(clientId|csrfmiddlewaretoken)" value="[^"]*"|data-csrf="[^"]*"|"csrfToken": "[^"]*"'
    rb"|/unsubscribe/[^\s\"<>]*"
)
QUERIES: Final = ("", "?status=open", "?q=secret&query=secret&search=secret")
LATER: Final = timedelta(days=1)  # every unread message is due for a mail by then


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

    def tell(self, after: Callable[[Action], None]) -> None:
        for action in team_actions():
            self.take(action)
            after(action)
            if "snoozedUntil" in action.body:
                TeamState.objects.update(snoozed_until=timezone.now())
                jobs.wake_snoozed.call()
        jobs.take_label_off.call(self.ids["label"])
        jobs.dissolve_group.call(self.ids["group"])
        assign_everywhere.call()
        assign_waiting.call(self.ids["shop"])
        jobs.unassign_former_member.call(self.ids["shop"], str(self.scene.stranger.pk))


class CustomersView:
    """Everything that the customer can reach except sockets, as bytes by place."""

    def __init__(self, scene: Scene) -> None:
        create_site(business=scene.shop, chosen=WidgetSettings(guests_allowed=True))
        self.customer: User = scene.customer
        self.talk, self.shop = scene.talk, scene.shop
        self.client = client_of(scene.customer)
        self.pages = Client()
        self.pages.force_login(scene.customer)
        message = scene.get(scene.customer, f"{scene.path}/messages").json()["results"][0]
        self.ids = {"conversations": str(scene.talk.pk), "messages": message["id"], "slug": scene.shop.slug}
        self.ids["c"] = self.ids["conversations"]
        self.notice = Notice(pk=uuid4(), user=scene.customer)

    def seen(self) -> dict[str, bytes]:
        return {
            **self._rest(),
            **self._sync(),
            **self._away(),
            "export": b"".join(export_person(actor=None, user_id=self.customer.pk, reason="asked")),
            "mails": repr([one.to for one in mail.outbox if self.customer.email in one.to]).encode(),
            "notices": self.notices(),
            "ladder": repr(
                list(Escalation.objects.filter(conversation=self.talk, side="customer").values())
            ).encode(),
            "notifications": repr(
                list(Notification.objects.filter(recipient=self.customer).values())
            ).encode(),
        }

    def main_places(self) -> dict[str, bytes]:
        return {**self._rest(MAIN_PLACES, QUERIES[::2]), **self._sync(), **self._away()}

    def notices(self) -> bytes:
        return repr(list(Notice.objects.filter(user=self.customer).values())).encode()

    def _rest(
        self, names: Collection[str] | None = None, queries: Sequence[str] = QUERIES
    ) -> dict[str, bytes]:
        found = {}
        api = {address for address in addresses() if address.method == "GET"}
        for address in read_addresses():
            if address.name in THE_SAME_FOR_ALL or (names is not None and address.name not in names):
                continue
            client = self.client if address in api else self.pages
            for query in queries:
                answer = client.get(self._path(address) + query)
                content = answer.content if not answer.streaming else b""
                found[f"{address.pattern}{query}"] = CHANGING.sub(b"", content)
        return found

    def _path(self, address: Address) -> str:
        path = address.path({**self.ids, "business": str(self.shop.pk)})
        return path.replace("<slug:slug>", self.shop.slug)

    def _away(self) -> dict[str, bytes]:
        """Return a mail and a push about the message that the customer has not read."""
        later = timezone.now() + LATER
        sections, _ = unread_sections(self.customer, later)
        made = compose(self.notice, sections, "en")
        settings = preferences_of(self.customer.pk, self.shop.pk)
        mailed = "\n".join(
            [str(made.subject), str(made.from_email), repr(made.extra_headers), str(made.body)]
        )
        mailed += "".join(str(content) for content, _ in made.alternatives)
        return {
            "mail": CHANGING.sub(b"", mailed.encode()),
            "push": message_content(self.customer, self.talk, sections[0].messages, settings),
        }

    def _sync(self) -> dict[str, bytes]:
        key = str(self.talk.pk)
        answer = synchronise(self.customer.pk, SyncCommand(conversations={key: 0}, team={key: 0}))
        [heartbeat] = heartbeat_answers_for([(self.customer.pk, [self.talk.pk])])
        heartbeat.pop("serverTime")
        return {
            "sync": msgspec.json.encode(answer, enc_hook=str),
            "heartbeat": msgspec.json.encode(heartbeat, enc_hook=str),
        }


def _first_difference(before: bytes, after: bytes) -> str:
    lines = zip(before.splitlines(), after.splitlines(), strict=False)
    different = [f"{old!r} -> {new!r}" for old, new in lines if old != new]
    return different[0] if different else "" if before == after else "another length"


def test_nothing_that_the_customer_can_reach_changes(settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL = True
    settings.SITE_URL = "https://chat.example"
    story = Story()
    view = CustomersView(story.scene)
    check_due(timezone.now() + LATER)
    theirs = {
        groups.user(str(story.scene.customer.pk)),
        groups.conversation(story.scene.talk.pk),
        groups.business_customers(story.scene.shop.pk),
    }
    before = view.seen()
    assert len(before) > 60
    reached = ("widget/^frame/(?P<slug>[-\\w]+)/?$", "widget/config/<slug:slug>.js", "mail")
    assert [place for place in reached if story.scene.shop.name.encode() not in before[place]] == []
    main = view.main_places()
    changing: dict[str, str] = {}
    assert len(main) == 2 * len(MAIN_PLACES) + 4

    def compare(action: Action) -> None:
        now = view.main_places() if action.route not in OPEN_TO_ALL else main
        for place in main:
            if where := _first_difference(main[place], now[place]):
                changing[f"{action.route} {place}"] = where

    with heard() as sent:
        story.tell(compare)
        after = view.seen()
    assert changing == {}
    check_due(timezone.now() + LATER)
    assert view.notices() == before["notices"]
    changed = {place: _first_difference(before[place], after[place]) for place in before}
    assert {place: where for place, where in changed.items() if where} == {}
    assert not any(SECRET.encode() in content for content in after.values())
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
