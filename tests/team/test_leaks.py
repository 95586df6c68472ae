"""Whatever the team does, nothing that the customer can reach changes. Made from the tables of what there is.

A new address, command or event of the team's side must be named here, or these tests fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from chatsite.realtime import groups, registry
from conversations.models import TeamState
from conversations.moderation.exports import export_person
from conversations.serializers import ConversationObject, ConversationRevs
from conversations.sync import SyncCommand, heartbeat_answers_for, synchronise
from conversations.team import events as team_events
from conversations.team import jobs
from notifications.delivery.models import Escalation, Notice
from notifications.models import Notification
from tests.attack.routes import Address, addresses, read_addresses
from tests.conversations.people import client_of
from tests.team.scene import Scene, heard

pytestmark = pytest.mark.django_db

SECRET: Final = "zq-secret"  # in every text that the team writes
TEAM_EVENTS: Final = {"team_state_updated", "note_added", "note_edited", "note_deleted"}
TEAM_COMMANDS: Final = {"set_team_state", "hand_over", "add_note", "edit_note", "delete_note"}
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
# `/team/canned-answers` has tests of its own.
TEAM_ROUTE: Final = re.compile(
    r"\^?(chat/\^?conversations/.*/(team|notes|hand-over)|team/\^?(groups|labels))"
)
CHANGING: Final = re.compile(
    rb'nonce="[^"]*"|name="(clientId|csrfmiddlewaretoken)" value="[^"]*"|data-csrf="[^"]*"|"csrfToken": "[^"]*"'
)


class Story:
    """The steps of a team, each by the address that members use."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.member = client_of(self.scene.member)
        self.ids: dict[str, str] = {}
        self.used: set[tuple[str, str]] = set()

    def ask(self, method: str, pattern: str, **body: Any) -> Any:
        """Use an address, `pattern` being its path with names of ids."""
        path = pattern.format(talk=self.scene.talk.pk, **self.ids)
        self.used.add(
            (method, pattern.split("/{", maxsplit=1)[0] if pattern.startswith("/team") else pattern)
        )
        answer = getattr(self.member, method.lower())(path, body, format="json")
        assert answer.status_code < 300, (method, path, answer.content)
        return answer.json() if answer.content else None

    def set(self, **body: Any) -> None:
        self.ask("PATCH", "/chat/conversations/{talk}/team", **body)

    def steps(self) -> Iterator[Callable[[], object]]:
        scene, note = self.scene, "/chat/conversations/{talk}/notes/{note}"
        shop, me, colleague = str(scene.shop.pk), str(scene.member.pk), str(scene.colleague.pk)

        def made(kind: str, **body: Any) -> Callable[[], object]:
            def make() -> None:
                name = f"{SECRET} {kind}"
                self.ids[kind] = self.ask("POST", f"/team/{kind}s", businessId=shop, name=name, **body)["id"]

            return make

        def add_note() -> None:
            body = {"content": f"{SECRET} note", "mentionIds": [colleague]}
            self.ids["note"] = self.ask("POST", "/chat/conversations/{talk}/notes", **body)["id"]

        yield made("label", color="#00ff00")
        yield made("group", memberIds=[me])
        yield lambda: self.ask("PATCH", "/team/labels/{label}", name=f"{SECRET} new")
        yield lambda: self.ask("PATCH", "/team/groups/{group}", name=f"{SECRET} new")
        yield lambda: self.set(assigneeId=colleague)
        yield lambda: self.set(groupId=self.ids["group"], labelIds=[self.ids["label"]])
        yield lambda: self.set(priority="urgent")
        yield lambda: self.set(status="pending")
        yield lambda: self.ask("POST", "/chat/conversations/{talk}/hand-over")
        yield lambda: self.set(assigneeId=me)
        yield lambda: self.set(status="snoozed", snoozedUntil="2999-01-01T00:00:00Z")
        yield lambda: TeamState.objects.update(snoozed_until=timezone.now())
        yield jobs.wake_snoozed.call
        yield lambda: self.set(status="resolved")
        yield add_note
        yield lambda: self.ask("PATCH", note, content=f"{SECRET} edited")
        yield lambda: self.ask("DELETE", note)
        yield lambda: self.ask("DELETE", "/team/labels/{label}")
        yield lambda: self.ask("DELETE", "/team/groups/{group}")
        yield lambda: jobs.take_label_off.call(self.ids["label"])
        yield lambda: jobs.dissolve_group.call(self.ids["group"])


class CustomersView:
    """Everything that the customer can reach, as bytes by where it is."""

    def __init__(self, scene: Scene) -> None:
        self.customer: User = scene.customer
        self.talk, self.shop = scene.talk, scene.shop
        self.client = client_of(scene.customer)
        self.pages = Client()
        self.pages.force_login(scene.customer)
        message = scene.get(scene.customer, f"{scene.path}/messages").json()["results"][0]
        self.ids = {"conversations": str(scene.talk.pk), "messages": message["id"], "c": str(scene.talk.pk)}

    def seen(self) -> dict[str, bytes]:
        return {
            **self._rest(),
            **self._sync(),
            "export": b"".join(export_person(actor=None, user_id=self.customer.pk, reason="asked")),
            "mails": repr([one.to for one in mail.outbox if self.customer.email in one.to]).encode(),
            "notices": repr(list(Notice.objects.filter(user=self.customer).values())).encode(),
            "ladder": repr(
                list(Escalation.objects.filter(conversation=self.talk, side="customer").values())
            ).encode(),
            "notifications": repr(
                list(Notification.objects.filter(recipient=self.customer).values())
            ).encode(),
        }

    def _rest(self) -> dict[str, bytes]:
        found = {}
        api = {address for address in addresses() if address.method == "GET"}
        for address in read_addresses():
            if address.name in THE_SAME_FOR_ALL:
                continue
            client = self.client if address in api else self.pages
            for query in ("", "?status=open", "?q=secret&query=secret&search=secret"):
                answer = client.get(self._path(address) + query)
                content = answer.content if not answer.streaming else b""
                found[f"{address.pattern}{query}"] = CHANGING.sub(b"", content)
        return found

    def _path(self, address: Address) -> str:
        return address.path({**self.ids, "business": str(self.shop.pk)})

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


def test_nothing_that_the_customer_can_reach_changes() -> None:
    story = Story()
    view = CustomersView(story.scene)
    theirs = {
        groups.user(str(story.scene.customer.pk)),
        groups.conversation(story.scene.talk.pk),
        groups.business_customers(story.scene.shop.pk),
    }
    before = view.seen()
    assert len(before) > 60
    with heard() as sent:
        for step in story.steps():
            step()
        after = view.seen()
    changed = {place: _first_difference(before[place], after[place]) for place in before}
    assert {place: where for place, where in changed.items() if where} == {}
    assert not any(SECRET.encode() in content for content in after.values())
    assert [name for group, name, _ in sent if group in theirs] == []
    assert {name for _, name, _ in sent} == TEAM_EVENTS
    written = {
        (address.method, address.pattern)
        for address in addresses()
        if address.method not in ("GET", "HEAD") and TEAM_ROUTE.match(address.pattern)
    }
    assert len(story.used) == len(written), "let Story.steps use each address of the team's side"


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
