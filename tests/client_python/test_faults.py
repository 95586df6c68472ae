"""After lost, repeated, late and early events, lost answers and dead connections, the client has the server's state.

It reports each event once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from business_chat_client import (
    ChatClient,
    ChatError,
    Conversation,
    MessageEdited,
    MessagesRead,
    NotificationArrived,
    Resumed,
)
from tests.client_python.server import NOW, ROOM, ScriptedServer, contents
from tests.client_python.watching import watching
from tests.harness.patience import patience
from tests.harness.rest import Json, eventually

pytestmark = pytest.mark.standalone


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


@contextlib.asynccontextmanager
async def client_of(*servers: ScriptedServer, heartbeat: float = 20) -> AsyncIterator[ChatClient]:
    urls = [server.url for server in servers]
    async with asyncio.timeout(patience(20)):
        async with ChatClient(urls, access="token", trust_env=False, heartbeat=heartbeat) as client:
            yield client


async def reaches(conversation: Conversation, rev: int) -> None:
    async def is_there() -> bool:
        return min(conversation.rev, conversation.details.rev) >= rev

    await eventually(is_there, f"rev {rev}", timeout=5)
    await asyncio.sleep(0.02)  # for tests that collect the events


async def test_events_out_of_order_come_in_order(server: ScriptedServer) -> None:
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        with watching(conversation) as (watch,):
            for content in "abcd":
                server.add(content)
            await server.push(2, 4, 3, 3, 1, 2, 1)
            await server.push_head()
            await reaches(conversation, 4)
            assert contents(conversation.messages) == contents(watch.arrived) == list("abcd")


async def test_a_lost_event_is_asked_for(server: ScriptedServer) -> None:
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        with watching(conversation) as (watch,):
            for content in "abc":
                server.add(content)
            await server.push(1, 3)  # the second is lost, and nothing comes after the third
            await reaches(conversation, 3)
            assert server.received[-1] == ("sync", {"conversations": {ROOM: 1}, "notificationsAfter": "0"})
            await server.push(2, 3)  # late, when nobody needs them
            await conversation.catch_up()
            assert contents(watch.arrived) == list("abc")


async def test_a_lost_last_event_shows_in_an_update_or_the_heartbeat(server: ScriptedServer) -> None:
    async with client_of(server, heartbeat=0.5) as client:
        conversation = await client.join(ROOM)
        server.add("never told")
        await server.push_head()
        await reaches(conversation, 1)
        server.edit(1, "never told either, not even by a head")
        await reaches(conversation, 2)
        assert contents(conversation.messages) == ["never told either, not even by a head"]


async def test_a_lost_notification_shows_in_the_heartbeat(server: ScriptedServer) -> None:
    text = {"id": "n", "type": "system", "title": "", "body": "", "actionUrl": None, "readAt": None}
    inbox: list[Json] = []
    sync, beat = server.commands["sync"], server.commands["heartbeat"]

    def with_inbox(socket: Any, data: Json) -> Json:
        return {**(sync(socket, data) or {}), "notifications": inbox, "notificationsRev": len(inbox)}

    server.commands["sync"] = with_inbox
    server.commands["heartbeat"] = lambda socket, data: {
        **(beat(socket, data) or {}),
        "notificationsRev": len(inbox),
    }
    async with client_of(server, heartbeat=0.5) as client:
        events = client.events()
        inbox.append({**text, "data": {}, "createdAt": NOW})  # its event is lost
        assert isinstance(await anext(events), NotificationArrived)


async def test_a_lost_answer_is_no_second_message(server: ScriptedServer) -> None:
    """The connection breaks after the message is stored and before the ack.

    The repeated send returns the first message.
    """

    def store_and_die(socket: Any, data: Json) -> None:
        server.send(socket, data)
        server.commands["send_message"] = server.send
        server.cut()

    server.commands["send_message"] = store_and_die
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        with watching(conversation) as (watch,):
            first, second = await asyncio.gather(conversation.send("once"), conversation.send("after it"))
            assert (first.seq, second.seq) == (1, 2)
            await reaches(conversation, 2)
            assert contents(watch.arrived) == ["once", "after it"]
    sends = [data for event, data in server.received if event == "send_message"]
    assert [data["content"] for data in sends] == ["once", "once", "after it"]
    assert sends[0]["clientId"] == sends[1]["clientId"] != sends[2]["clientId"]


async def test_changes_during_an_absence_arrive_as_events(server: ScriptedServer) -> None:
    server.add("old")
    async with client_of(server) as client:
        conversation, resumed = await client.join(ROOM), client.events()
        with watching(conversation) as (watch,):
            server.cut()
            server.edit(1, "edited")
            server.add("new")
            server.read(1, 2)
            async with asyncio.timeout(patience(5)):
                assert await anext(resumed) == Resumed()
            await reaches(conversation, 4)
            kinds = [type(event).__name__ for event in watch.events]
            assert kinds == ["MessageArrived", "MessageEdited", "MessagesRead", "ConversationChanged"]
            assert contents(watch.arrived) == ["new"]  # in its present state, so no further event is due
            edited = await watch.until(MessageEdited)
            read = await watch.until(MessagesRead)
            assert isinstance(edited, MessageEdited)
            assert isinstance(read, MessagesRead)
            assert edited.message.content == "edited"
            assert [message.id for message in read.messages] == ["m1"]


async def test_a_silent_connection_is_replaced(server: ScriptedServer) -> None:
    async with client_of(server, heartbeat=0.4) as client:
        conversation = await client.join(ROOM)
        first = server.sockets[0]
        server.is_mute = True  # half-open: it accepts data, and nothing comes back
        sending = asyncio.create_task(conversation.send("into the void"))
        await asyncio.wait_for(first.wait_closed(), patience(5))
        server.is_mute = False
        assert (await sending).seq == 1


async def test_a_server_that_stops_says_when_to_reconnect(server: ScriptedServer) -> None:
    async with client_of(server) as client:
        await client.join(ROOM)
        for server_delay, at_least, at_most in ((2.0, 1.95, patience(4)), (None, 0.0, 1.9)):  # it counts once
            if server_delay:
                await server.tell({"event": "server_stopping", "data": {"retryAfter": server_delay}})
            await server.sockets[0].close(1012)
            began, events = time.monotonic(), client.events()
            assert await asyncio.wait_for(anext(events), patience(5)) == Resumed()
            assert at_least < time.monotonic() - began < at_most


async def test_another_server_takes_over(server: ScriptedServer) -> None:
    async with ScriptedServer() as other:
        other.messages, other.changes = server.messages, server.changes
        async with client_of(server, other) as client:
            conversation = await client.join(ROOM)
            assert client.url == server.url
            await server.__aexit__(None, None, None)
            assert (await conversation.send("over there")).content == "over there"
            assert client.url == other.url


async def test_a_refusal_is_final_or_is_tried_again(server: ScriptedServer) -> None:
    answers: list[Json] = [
        {"code": "unavailable", "message": "busy", "details": {"retryAfter": 0.01}},
        {"code": "rate_limited", "message": "slow down", "details": {"retryAfter": 0.01}},
    ]

    def refuse(socket: Any, data: Json) -> Json:
        return answers.pop(0) if answers else server.send(socket, data)

    server.commands["send_message"] = refuse
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        assert (await conversation.send("patience")).seq == 1
        answers.append({"code": "frozen", "message": "closed by a moderator"})
        with pytest.raises(ChatError) as refused:
            await conversation.send("no")
        assert refused.value.code == "frozen"
    assert server.names().count("send_message") == 4


async def test_too_much_missed_is_fetched_by_pages(server: ScriptedServer) -> None:
    def too_much(socket: Any, data: Json) -> Json:
        answer = server.__class__.sync(server, socket, data)
        for key, part in answer["conversations"].items():
            if server.rev - data["conversations"][key] > 500:
                answer["conversations"][key] = {"conversation": part["conversation"], "resync": True}
        return answer

    server.commands["sync"] = too_much
    server.add("first")
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        with watching(conversation) as (watch,):
            server.cut()
            for number in range(600):
                server.add(f"m{number}")
            server.edit(1, "first, edited")
            await reaches(conversation, server.rev)
            assert contents(watch.arrived) == [f"m{number}" for number in range(600)]
            assert conversation.messages[0].content == "first, edited"
            assert [message.seq for message in conversation.messages] == list(range(1, 602))


async def test_a_conversation_that_can_no_longer_be_seen_ends(server: ScriptedServer) -> None:
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        events = conversation.events()
        server.commands["join_conversation"] = lambda socket, data: {"code": "not_found", "message": "gone"}
        server.cut()
        with pytest.raises(ChatError, match="not_found"):
            await asyncio.wait_for(anext(events), patience(5))
