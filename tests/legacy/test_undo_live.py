"""An import is undone while people have the conversation open, each with a different client."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pytest
import socketio

from business_chat_client import ChatError, EventStream, MessagesRemoved
from tests.client_js.conftest import StartClient
from tests.client_js.node import NodeClient
from tests.client_python.conftest import Connect
from tests.client_python.watching import agrees, watching
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Person
from tests.harness.mirror import Mirror
from tests.harness.patience import patience
from tests.harness.rest import Json, eventually

NAMESPACE: Final = "/chat"
OLD: Final = """
from datetime import timedelta
from django.db import connection
from tests.legacy.generator import BEGIN
from tests.legacy.oldtable import OldTable
old = OldTable(connection, {table!r})
for number, sender in enumerate({senders!r}):
    at = BEGIN + timedelta(seconds=number)
    both = {{"businessId": {business!r}, "customerId": {customer!r}, "senderId": sender}}
    old.add(id=number, createdAt=at, content=f"old {{number}}", **both)
"""


class Import:
    """Five messages of an old table, between the customer and olivia."""

    def __init__(self, cast: Cast, customer: Person, rejects: Path) -> None:
        self._deployment = cast.stage.deployment
        table = f"old_{secrets.token_hex(4)}"
        self._options = ("--table", table, "--rejects", str(rejects))
        people = (int(customer.id), int(cast.olivia.id))
        given = {"table": table, "business": cast.business_id, "customer": int(customer.id)}
        self._deployment.shell(OLD.format(senders=[*people, *people, people[0]], **given))

    def run(self, *options: str) -> None:
        self._deployment.command("import_legacy_messages", *self._options, *options)


class Follower:
    """A client that follows docs/protocol.md, over the transport of `call`."""

    def __init__(self, person: Person, call: Callable[[str, Json], Awaitable[Json]], mirror: Mirror) -> None:
        self.mirror = mirror
        self.resyncs = 0
        self._person = person
        self._call = call

    async def catch_up(self) -> Mirror:
        """Compare with the head, and use `sync` if the client is behind.

        Its state must then equal the fresh state, which it returns.
        """
        key = self.mirror.conversation["id"]
        head = (await self._call("heartbeat", {}))["conversations"][key]
        if head["rev"] > self.mirror.head:
            answer = await self._call("sync", {"conversations": {key: self.mirror.head}})
            part = answer["conversations"][key]
            if part.get("resync"):
                self.resyncs += 1
                self.mirror = await Mirror.fetch(self._person.rest, key)
            self.mirror.take_conversation(part["conversation"])
            for message in part.get("messages", []):
                self.mirror.take_message(message)
            self.mirror.head = max(self.mirror.head, head["rev"])
        fresh = await Mirror.fetch(self._person.rest, key)
        assert self.mirror.diff(fresh) == []
        return fresh


class SocketIo:
    """python-socketio's client, joined to the conversation."""

    def __init__(self, person: Person, url: str) -> None:
        self._io = socketio.AsyncClient(reconnection=False, request_timeout=patience(5))
        self._person = person
        self._url = url

    async def call(self, event: str, data: Json) -> Json:
        answer: Any = await self._io.call(event, data, namespace=NAMESPACE)
        assert "error" not in answer, answer
        return dict(answer)

    async def __aenter__(self) -> Self:
        auth = {"token": self._person.access}
        await self._io.connect(
            self._url, auth=auth, namespaces=[NAMESPACE], transports=["websocket"], wait_timeout=patience(5)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._io.disconnect()


async def page_agrees(page: NodeClient, person: Person, conversation_id: str) -> bool:
    seen = await page.call("seen")
    fresh = await Mirror.fetch(person.rest, conversation_id)
    return bool(seen["messages"] == fresh.ordered() and seen["conversation"] == fresh.conversation)


async def test_every_open_page_follows(
    cast: Cast, deployment: Deployment, connect: Connect, start_client: StartClient, tmp_path: Path
) -> None:
    customer = await cast.newcomer()
    key = (await cast.conversation(customer))["id"]
    for number in range(3):
        await customer.send(key, f"live {number}")
    old = Import(cast, customer, tmp_path / "rejects.jsonl")
    await asyncio.to_thread(old.run)

    client = await connect(customer, deployment, heartbeat=2)
    conversation = await client.join(key)
    url = deployment.server(cast.amir.home).live_url
    page = await start_client([url], cast.amir.access, storage="page", heartbeat=500)
    await page.call("join", key)
    socket = await cast.olivia.live()
    await socket.join(key)
    async with SocketIo(cast.amir, deployment.server(1).url) as io:
        await io.call("join_conversation", {"conversationId": key})
        followers = [
            Follower(cast.olivia, socket.call, await Mirror.fetch(cast.olivia.rest, key)),
            Follower(cast.amir, io.call, await Mirror.fetch(cast.amir.rest, key)),
        ]
        assert [len(follower.mirror.messages) for follower in followers] == [8, 8]
        with watching(conversation) as (watch,):
            await asyncio.to_thread(old.run, "--undo")
            removed = await watch.until(MessagesRemoved, within=15)
            assert isinstance(removed, MessagesRemoved)
            assert [message.content for message in removed.messages] == [f"old {n}" for n in range(5)]
        for said in (None, "on we go"):
            if said:
                assert (await customer.send(key, said))["seq"] == 4
            await agrees(conversation, customer.rest)
            await page.until(lambda: page_agrees(page, cast.amir, key), "the page follows")
            for follower in followers:
                assert len((await follower.catch_up()).messages) == (4 if said else 3)
        assert [follower.resyncs for follower in followers] == [1, 1]


async def test_a_conversation_that_the_import_had_made_is_gone(
    cast: Cast, deployment: Deployment, connect: Connect, start_client: StartClient, tmp_path: Path
) -> None:
    customer = await cast.newcomer()
    old = Import(cast, customer, tmp_path / "rejects.jsonl")
    await asyncio.to_thread(old.run)
    (row,) = await customer.rest.pages("/chat/conversations")
    client = await connect(customer, deployment, heartbeat=2)
    events = (await client.join(row["id"])).events()
    url = deployment.server(cast.amir.home).live_url
    page = await start_client([url], cast.amir.access, storage="page", heartbeat=500)
    await page.call("join", row["id"])

    await asyncio.to_thread(old.run, "--undo")

    async def is_gone() -> bool:
        return bool(await page.call("status") == "gone")

    await eventually(is_gone, "the page knows")
    with pytest.raises(ChatError, match="not_found"):
        await asyncio.wait_for(drained(events), patience(10))


async def drained(events: EventStream[Any]) -> None:
    """Read the stream to its end."""
    async for _ in events:
        pass
