"""A server that is newer than the client, or that was restored from an older backup."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from business_chat_client import ChatClient, NotificationArrived, Resumed
from business_chat_client.notification_feed import NotificationFeed
from business_chat_client.objects import Notification
from business_chat_client.pushes import SyncAnswer
from tests.client_python.server import ROOM, ScriptedServer, contents
from tests.harness.patience import patience
from tests.harness.rest import eventually

pytestmark = pytest.mark.standalone

ODD_DATA: list[Any] = [None, [], {"rev": "text"}, {"conversationId": ROOM}, {"conversationId": 7, "rev": 2}]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


def connect(server: ScriptedServer) -> ChatClient:
    return ChatClient(server.url, access="token", trust_env=False)


async def test_an_unknown_event_moves_the_rev_and_causes_no_sync(server: ScriptedServer) -> None:
    async with asyncio.timeout(patience(20)), connect(server) as client:
        conversation = await client.join(ROOM)
        syncs = server.names().count("sync")
        server.rev += 1
        data = {"conversationId": ROOM, "rev": server.rev, "messageId": "m1", "reactions": []}
        await server.tell({"event": "polls_updated", "data": data})
        for odd in ODD_DATA:
            await server.tell({"event": "something_else", "data": odd})
        server.add("after it")
        await server.push(server.rev)
        await server.push_head()

        async def has_arrived() -> bool:
            return contents(conversation.messages) == ["after it"]

        await eventually(has_arrived, "the next message", timeout=5)
        assert conversation.rev == 2
        assert not conversation._timeline.is_behind
        assert server.names().count("sync") == syncs


async def test_unknown_fields_of_messages_and_conversations_are_kept(server: ScriptedServer) -> None:
    server.add("with more")
    server.messages[0]["poll"] = {"votes": 1}
    plain = server.conversation
    server.conversation = lambda: {**plain(), "pinned": True}  # type: ignore[method-assign]
    async with asyncio.timeout(patience(20)), connect(server) as client:
        conversation = await client.join(ROOM)
        assert conversation.messages[0].extra == {"poll": {"votes": 1}}
        assert conversation.details.extra == {"pinned": True}
        await server.push(server.read(1))
        await server.push_head()

        async def is_read() -> bool:
            return conversation.messages[0].status == "read"

        await eventually(is_read, "the receipt", timeout=5)
        assert conversation.messages[0].extra == {"poll": {"votes": 1}}


async def test_a_change_during_a_fetch_does_not_look_like_a_restored_backup(server: ScriptedServer) -> None:
    """While the client fetches the conversation again, it learns of a change before the pages arrive."""
    for content in ("one", "two", "three"):
        server.add(content)
    told: list[str] = []

    async def go_on() -> None:
        server.while_page_is_under_way = lambda: asyncio.sleep(0)
        await server.push(server.read(1), server.add("four"), server.edit(2, "two!"))
        while conversation.rev < server.rev:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def watch() -> None:
        async for event in conversation.events():
            messages = getattr(event, "messages", None) or [getattr(event, "message", None)]
            told.extend(f"{type(event).__name__} {one.seq} {one.status}" for one in messages if one)

    async with asyncio.timeout(patience(20)), connect(server) as client:
        conversation = await client.join(ROOM)
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
        server.while_page_is_under_way = go_on
        server.rewritten = server.rev + 1  # the next sync answers `resync`
        await conversation.catch_up()
        assert [(one.content, one.status) for one in conversation.messages] == [
            ("one", "read"),
            ("two!", "sent"),
            ("three", "sent"),
            ("four", "sent"),
        ]
        assert told == ["MessagesRead 1 read", "MessageArrived 4 sent", "MessageEdited 2 sent"]
        watching.cancel()


async def test_a_restored_backup_replaces_what_the_client_has(server: ScriptedServer) -> None:
    for content in ("one", "two", "three"):
        server.add(content)
    async with asyncio.timeout(patience(20)), connect(server) as client:
        conversation = await client.join(ROOM)
        del server.messages[1:]
        server.rev = 1
        server.cut()

        async def is_restored() -> bool:
            return contents(conversation.messages) == ["one"] and conversation.rev == 1

        await eventually(is_restored, "the state of the backup", timeout=5)
        server.add("another two")
        await server.push(2)
        await server.push_head()

        async def goes_on() -> bool:
            return contents(conversation.messages) == ["one", "another two"]

        await eventually(goes_on, "what happens afterwards", timeout=5)


def inbox(rev: int, *notifications: Notification) -> SyncAnswer:
    return SyncAnswer(conversations={}, notifications=list(notifications), notifications_rev=rev)


def test_notifications_go_on_after_a_restored_backup() -> None:
    feed, notification = NotificationFeed(), new_notification()
    assert feed.take(inbox(9), feed.place) == []
    assert feed.take(inbox(4), feed.place) == [Resumed()]
    assert (feed.rev, feed.seen) == (4, 4)
    feed.seen = 5
    assert feed.is_behind
    assert feed.take(inbox(5, notification), feed.place) == [NotificationArrived(notification)]


def test_an_answer_that_was_overtaken_is_no_sign_of_a_restored_backup() -> None:
    feed = NotificationFeed()
    feed.take(inbox(4), feed.place)
    place = feed.place
    feed.take(inbox(6), place)
    assert feed.take(inbox(5), place) == []
    assert feed.rev == 6


def new_notification() -> Notification:
    text = '{"id":"n","type":"system","title":"","body":"","actionUrl":null,"data":{},"readAt":null,"createdAt":"%s"}'
    return msgspec.json.decode(text % "2026-01-02T03:04:05Z", type=Notification)
