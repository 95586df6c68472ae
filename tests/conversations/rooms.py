"""A conversation with its people, and the state of each of their clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from tests.harness.cast import Cast, Person
from tests.harness.client import LiveClient
from tests.harness.mirror import Mirror
from tests.harness.patience import patience
from tests.harness.rest import Json


@dataclass
class Watcher:
    """A live client that joined, and the state at that moment."""

    person: Person
    client: LiveClient
    mirror: Mirror

    @classmethod
    async def enter(cls, person: Person, conversation_id: str, server: int | None = None) -> Self:
        client = await person.live(server)
        await client.join(conversation_id)
        return cls(person, client, await Mirror.fetch(person.rest, conversation_id))

    async def converges(self, timeout: float = 5) -> Mirror:
        """Assert that old state + events == fresh fetch, and that each `rev` in between had an event.

        Return the fresh state.
        """
        deadline = time.monotonic() + patience(timeout)
        while True:
            fresh = await Mirror.fetch(self.person.rest, self.mirror.conversation["id"])
            self.mirror.apply_all(self.client.events)
            wrong = self.mirror.diff(fresh)
            wrong += [f"no event of rev {rev}" for rev in self.mirror.gaps()]
            if not wrong:
                return fresh
            assert time.monotonic() < deadline, f"{self.person.name} differs:\n" + "\n".join(wrong[:20])
            await asyncio.sleep(0.05)

    async def catches_up(self, rev: int) -> None:
        """Wait for a `conversation_updated` with at least this `rev`, and then use `sync`, as a client does."""
        key = self.mirror.conversation["id"]

        def ahead(data: Json) -> bool:
            return bool(data["conversationId"] == key and data["rev"] >= rev)

        await self.client.expect("conversation_updated", ahead, timeout=15)
        known = self.mirror.apply_all(f for f in self.client.events if f.event != "conversation_updated")
        answer = await self.client.call("sync", {"conversations": {key: known.known()}})
        part = answer["conversations"][key]
        known.take_conversation(part["conversation"])
        for message in part.get("messages", []):
            known.take_message(message)
        known.base = known.head
        await self.converges()


@dataclass
class Room:
    """A newcomer's conversation with the business. Customer and members use different processes."""

    cast: Cast
    customer: Person
    olivia: Person
    amir: Person
    id: str

    @classmethod
    async def open(cls, cast: Cast) -> Self:
        customer = await cast.newcomer()
        conversation = await cast.conversation(customer)
        return cls(cast, customer, cast.olivia, cast.amir, conversation["id"])

    @property
    def path(self) -> str:
        return f"/chat/conversations/{self.id}"

    async def watch(self, person: Person, server: int | None = None) -> Watcher:
        return await Watcher.enter(person, self.id, server)

    async def join(self, person: Person, server: int | None = None) -> LiveClient:
        client = await person.live(server)
        await client.join(self.id)
        return client

    async def idle(self, person: Person, server: int | None = None) -> LiveClient:
        """Open a socket that joined nothing, and gets only the events about its user."""
        return await person.live(server)

    async def say(self, person: Person, *contents: str) -> list[Json]:
        """Send messages over REST, one after the other."""
        return [await person.send(self.id, content) for content in contents]

    async def seen_by(self, person: Person) -> Json:
        return await person.rest.get(self.path)

    async def history(self, person: Person) -> list[Json]:
        rows = await person.rest.pages(f"{self.path}/messages", limit=200)
        return sorted(rows, key=lambda row: row["seq"])

    def begin_send(
        self, client: LiveClient, content: str, client_id: str | None = None
    ) -> asyncio.Task[Json]:
        data = {"conversationId": self.id, "content": content, "clientId": client_id or str(uuid4())}
        return client.begin("send_message", data)

    async def send(self, client: LiveClient, content: str, client_id: str | None = None) -> Json:
        return await self.begin_send(client, content, client_id)


async def all_converge(watchers: Iterable[Watcher]) -> None:
    for watcher in watchers:
        await watcher.converges()


def seqs(messages: Iterable[Json]) -> list[int]:
    return [message["seq"] for message in messages]
