"""Messages that are removed from a conversation for good, as by an undone import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from business_chat_client import ChatClient, ChatError, Conversation, Message, MessagesRemoved
from tests.client_python.server import ROOM, ScriptedServer, contents
from tests.client_python.watching import Watch, watching
from tests.harness.patience import patience
from tests.harness.rest import Json, eventually

pytestmark = pytest.mark.standalone


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


def client_of(server: ScriptedServer) -> ChatClient:
    return ChatClient(server.url, access="a", trust_env=False, heartbeat=1)


async def holds(conversation: Conversation, wanted: Sequence[str]) -> None:
    async def so() -> bool:
        return contents(conversation.messages) == list(wanted)

    await eventually(so, f"messages {wanted}, not {contents(conversation.messages)}")


async def hears(watch: Watch, removed: list[list[str]], arrived: list[str]) -> None:
    """The client has the messages before the iteration over its events continues."""

    async def so() -> bool:
        gone = [contents(messages) for messages in removed_in(watch.events)]
        return (gone, contents(watch.arrived)) == (removed, arrived)

    await eventually(so, f"{removed} are gone and {arrived} have come")


def removed_in(events: Sequence[object]) -> list[list[Message]]:
    return [list(event.messages) for event in events if isinstance(event, MessagesRemoved)]


@pytest.mark.parametrize("is_told", [True, False], ids=["told at once", "found by a heartbeat"])
async def test_they_are_gone_and_their_numbers_are_used_again(server: ScriptedServer, is_told: bool) -> None:
    for content in ("one", "two", "three"):
        server.add(content)
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        with watching(conversation) as (watch,):
            server.rewind(1)
            if is_told:
                await server.push_head()
            await holds(conversation, ["one"])
            await server.push(server.add("two, again"))
            await holds(conversation, ["one", "two, again"])
            await hears(watch, removed=[["two", "three"]], arrived=["two, again"])
        await conversation.catch_up()
        assert conversation.rev == server.rev
        assert conversation.details.last_seq == 2
        assert conversation.find("m2") is None
        assert [conversation.find(message.id) for message in conversation.messages] == list(
            conversation.messages
        )


async def test_reused_numbers_before_anybody_noticed(server: ScriptedServer) -> None:
    for content in ("one", "two", "three"):
        server.add(content)
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        with watching(conversation) as (watch,):
            server.cut()
            server.rewind(1)
            server.add("two, again")
            server.read(1, 2)
            await holds(conversation, ["one", "two, again"])
            await hears(watch, removed=[["two", "three"]], arrived=["two, again"])
        assert [message.status for message in conversation.messages] == ["read", "read"]


async def test_all_that_is_held_may_be_gone(server: ScriptedServer) -> None:
    for number in range(1, 9):
        server.add(f"m {number}")
    async with client_of(server) as client:
        conversation = await client.join(ROOM, history=3)
        assert contents(conversation.messages) == ["m 6", "m 7", "m 8"]
        server.rewind(4)
        await holds(conversation, ["m 1", "m 2", "m 3", "m 4"])
        server.rewind(0)
        await holds(conversation, [])
        await server.push(server.add("anew"))
        await holds(conversation, ["anew"])
        assert conversation.has_all_history


async def test_a_conversation_without_a_head_is_gone(server: ScriptedServer) -> None:
    async with client_of(server) as client:
        conversation = await client.join(ROOM)
        events = conversation.events()
        nothing: Json = {"conversations": {}, "unread": {"total": 0, "conversations": {}}, "serverTime": "x"}
        server.commands["heartbeat"] = server.commands["sync"] = lambda socket, data: nothing
        with pytest.raises(ChatError, match="not_found"):
            await asyncio.wait_for(anext(events), patience(5))
