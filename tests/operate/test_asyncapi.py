"""The AsyncAPI document describes exactly what the code accepts and sends."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command

from chatsite.errors import HTTP_STATUS
from chatsite.realtime.asyncapi import commands
from chatsite.realtime.events import ExpiringEvent, StoppingEvent
from tests.attachments.contents import picture
from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.client import Frame, LiveClient
from tests.harness.rest import ApiError
from tests.operate.reading import fetch
from tests.operate.schemas import Protocol

pytestmark = pytest.mark.fleet

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("chatsite", "conversations", "notifications", "presence")
    for path in (ROOT / folder).rglob("*.py")
    if "client" not in path.parts
]


# They come a minute before a token ends, and when a process does. Below their frames are made by hand.
UNSEEN = {"session_expiring", "server_stopping"}
WEBHOOKS_ALONE = {"conversation_created"}  # no socket can have joined a new conversation
OFFER = {"title": "A bicycle", "amountMinor": 1200, "currency": "EUR"}


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return Protocol()


def _sent_names(source: str) -> Iterator[str]:
    """Return the names that the code gives to `Event(…)`, `Event.of(…)` and `session.send(…)`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        called = ast.unparse(node.func)
        if called in {"Event", "Event.of", "session.send"} and isinstance(node.args[0].value, str):
            yield node.args[0].value


def test_the_events_are_those_that_the_code_sends(protocol: Protocol) -> None:
    sent = {name for path in SOURCES for name in _sent_names(path.read_text())}
    assert len(sent) > 10
    events = {name for name in sent if not name.startswith("~")} - WEBHOOKS_ALONE
    assert protocol.events == events | {"error"}, "declare each event: registry.event(…) in events.py"


def test_the_commands_are_those_that_the_code_takes(protocol: Protocol) -> None:
    assert protocol.commands == commands().keys()
    undeclared = [name for name, command in commands().items() if command.answer is Any]
    assert undeclared == [], "say what they answer: @command(…, answer=…)"


def test_the_page_for_people_names_the_same(protocol: Protocol) -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    for title, names in (("Client → server", protocol.commands), ("Server → client", protocol.events)):
        table = page.split(f"### {title}")[1].split("###")[0]
        cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
        named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
        assert named == names, f"change the table under {title} in docs/protocol.md"
    assert set(
        protocol.document["components"]["schemas"]["ErrorObject"]["properties"]["code"]["enum"]
    ) == set(HTTP_STATUS)


def test_the_javascript_client_has_a_type_for_each_event(protocol: Protocol) -> None:
    types = "".join(path.read_text() for path in (ROOT / "clients/javascript/src").glob("*.d.ts"))
    inside_the_client = {"ack", "joined_conversation"}  # the client handles them itself
    missing = {
        name
        for name in protocol.events - inside_the_client
        if not re.search(rf"^  {name}: ", types, re.MULTILINE)
    }
    assert missing == set(), "add them to events.d.ts or team.d.ts of the JavaScript client"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    if isinstance(value, list):
        for part in value:
            yield from _references(part)


def test_every_reference_leads_somewhere(protocol: Protocol) -> None:
    for reference in set(_references(protocol.document)):
        found: Any = protocol.document
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]
    named = {name for name in _references(protocol.document["operations"]) if "/messages/" in name}
    assert {name.rpartition("/")[2] for name in named} == protocol.messages.keys()


def test_the_copy_in_the_documentation_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("asyncapi")
    printed = capsys.readouterr().out
    stored = (ROOT / "docs" / "asyncapi.json").read_text()
    assert json.loads(printed) == json.loads(stored), "run: manage.py asyncapi > docs/asyncapi.json"


async def test_the_site_serves_it_with_its_own_address(observed: Deployment, protocol: Protocol) -> None:
    url = observed.server(0).url
    served = (await fetch(f"{url}/api/asyncapi.json")).json()
    assert served["servers"]["native"]["host"] == url.removeprefix("http://")
    assert served["servers"]["native"]["protocol"] == "ws"
    assert served["operations"] == protocol.document["operations"]
    assert served["components"] == protocol.document["components"]


# --- Frames of a real server ------------------------------------------------------------------------------------------


class Judge:
    """Calls through a client, and checks each command and each ack against the document."""

    def __init__(self, protocol: Protocol, client: LiveClient) -> None:
        self.protocol, self.client = protocol, client
        self.problems: list[str] = []
        self.called: set[str] = set()

    async def call(self, event: str, **data: Any) -> Any:
        self.called.add(event)
        self.problems += self.protocol.problems(event, {"event": event, "data": data, "ref": "r1"})
        answer = await self.client.call(event, data)
        frame = {"event": "ack", "ref": "r1", "data": answer}
        self.problems += self.protocol.problems(f"{event}.ack", frame)
        return answer

    def judge_pushes(self) -> set[str]:
        for frame in self.client.events:
            self.problems += self.protocol.problems(frame.event, _as_json(frame))
        return {frame.event for frame in self.client.events}


def _as_json(frame: Frame) -> dict[str, Any]:
    return {"event": frame.event, "data": frame.data}


async def _converse(room: Room, customer: Judge, olivia: Judge) -> None:
    conversation = {"conversationId": room.id}
    await customer.call("authenticate", token=room.customer.access)
    for person in (customer, olivia):
        await person.call("join_conversation", **conversation)
    await customer.call("typing_start", **conversation)
    await olivia.client.expect("user_typing")
    await customer.call("typing_stop", **conversation)
    sent = await customer.call("send_message", **conversation, content="Hello", clientId="c1")
    message_id = sent["message"]["id"]
    await customer.client.expect("messages_delivered")
    reply = await olivia.call("send_message", **conversation, content="Hi", replyTo=message_id)
    await olivia.call("mark_delivered", **conversation, messageIds=[message_id])
    await olivia.call("mark_read", **conversation, messageIds=[message_id])
    await olivia.call("look", **conversation, answering=True)
    await _work_as_a_team(olivia, room.id)
    await customer.call("edit_message", messageId=message_id, content="Hello!")
    await olivia.call("add_reaction", messageId=message_id, emoji="👍")
    await customer.client.expect("reactions_updated")
    await olivia.call("remove_reaction", messageId=message_id, emoji="👍")
    await olivia.call("delete_message", messageId=reply["message"]["id"])
    await customer.client.expect("message_deleted")
    await _send_picture(room, customer)
    await customer.call("set_attention", active=False)
    await customer.call("heartbeat")
    await customer.call("sync", conversations={room.id: 0}, notificationsAfter="0")
    with pytest.raises(ApiError):
        await customer.client.call("send_message", {**conversation, "content": ""})
    await customer.client.send("send_message", conversation)
    await customer.client.expect("error")


async def _work_as_a_team(olivia: Judge, conversation_id: str) -> None:
    await olivia.call("set_team_state", conversationId=conversation_id, status="pending", priority="high")
    await olivia.client.expect("team_state_updated")
    await olivia.call("hand_over", conversationId=conversation_id)
    note = (await olivia.call("add_note", conversationId=conversation_id, content="A note"))["note"]["id"]
    await olivia.call("edit_note", noteId=note, content="A better note")
    await olivia.call("delete_note", noteId=note)
    await olivia.client.expect("note_deleted")


async def _send_picture(room: Room, customer: Judge) -> None:
    form = {"file": ("bridge.jpg", picture((300, 200)))}
    made = (await room.customer.rest.http.post("/chat/uploads", files=form)).json()
    await customer.call("send_message", conversationId=room.id, content="", attachmentIds=[made["id"]])
    await customer.client.expect("attachment_updated", timeout=30)


async def test_frames_of_a_real_server(observed: Deployment, room: Room, protocol: Protocol) -> None:
    observed.start_worker()
    olivia = Judge(protocol, await room.idle(room.olivia))
    customer = Judge(
        protocol, await LiveClient.open(observed.server(0).live_url, room.customer.access, auth="frame")
    )
    amir = Judge(protocol, await room.idle(room.amir))
    await _converse(room, customer, olivia)
    await amir.client.expect("colleague_looking")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await room.olivia.rest.post(
        "/offers", OFFER | {"conversationId": room.id, "expiresAt": tomorrow.isoformat()}
    )
    await customer.client.expect("notification")
    watching = Judge(protocol, await room.idle(room.customer))
    await watching.call("sync", conversations={}, notificationsAfter=None)
    await watching.client.close()
    await customer.call("leave_conversation", conversationId=room.id)
    await customer.client.close()
    await olivia.client.expect("user_offline", timeout=10)
    seen = olivia.judge_pushes() | customer.judge_pushes() | amir.judge_pushes()
    problems = olivia.problems + customer.problems + watching.problems + amir.problems
    assert problems == []
    assert customer.called | olivia.called == protocol.commands, "let _converse call them"
    assert protocol.events - seen == UNSEEN, "let the test cause them, or say here why it cannot"


def test_frames_that_are_hard_to_come_by(protocol: Protocol) -> None:
    data = msgspec.to_builtins(ExpiringEvent(expires_at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert protocol.problems("session_expiring", {"event": "session_expiring", "data": data}) == []
    stopping = msgspec.to_builtins(StoppingEvent(retry_after=0.5))
    assert protocol.problems("server_stopping", {"event": "server_stopping", "data": stopping}) == []


def test_the_judge_can_refuse(protocol: Protocol) -> None:
    assert protocol.problems("user_online", {"event": "user_online", "data": {"userId": "1"}}) == []
    assert protocol.problems("user_online", {"event": "user_online", "data": {"userId": 1}})
    assert protocol.problems("user_online", {"event": "user_online", "data": {"userId": "1", "more": 1}})
    assert protocol.problems("user_online", {"event": "user_online", "data": {}})
    assert protocol.problems("heartbeat.ack", {"event": "ack", "ref": 1, "data": {"serverTime": "now"}})
