"""The primary PostgreSQL dies under load with every connection, and its synchronous standby takes over."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from tests.conversations.conftest import hire_newcomers
from tests.conversations.rooms import Room, Watcher, seqs
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Stage
from tests.harness.client import LiveClient
from tests.harness.databases import MigratedPostgreSQL
from tests.harness.rest import ApiError, eventually
from tests.harness.services import PostgreSQL
from tests.harness.standby import Standby

SENDERS = 6
BEFORE, AFTER = 10, 5  # acknowledged messages of each sender before the failover, and after it


class Sender:
    """Repeats a send under its `clientId` until it is acknowledged."""

    def __init__(self, room: Room, client: LiveClient, name: str) -> None:
        self.acked: dict[str, str] = {}  # client id → message
        self.refused: set[str] = set()  # client ids of sends that were refused before
        self._room, self._client, self._name = room, client, name

    async def talk(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            client_id = f"{self._name}-{len(self.acked)}"
            data = {"conversationId": self._room.id, "content": client_id, "clientId": client_id}
            try:
                ack = await self._client.call("send_message", data, timeout=30)
            except ApiError as refusal:
                if refusal.code != "unavailable":
                    raise
                self.refused.add(client_id)
                await asyncio.sleep(0.1)
            else:
                self.acked[client_id] = ack["message"]["id"]

    async def has_acks(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.acked) >= count

        await eventually(enough, f"{count} acks of {self._name}", timeout=60)


async def test_acknowledged_messages_are_on_the_standby(tmp_path: Path, postgres: PostgreSQL) -> None:
    """The test uses `postgres` only to run in the pass with services. It breaks its own server."""
    with (
        MigratedPostgreSQL() as primary,
        Standby(primary) as standby,
        Deployment.services(tmp_path, primary, kinds=("daphne", "uvicorn")) as deployment,
    ):
        stage = Stage.set_up(deployment)
        hire_newcomers(stage)
        async with Cast(stage) as people:
            await fail_over(await Room.open(people), primary, standby)


async def fail_over(room: Room, primary: PostgreSQL, standby: Standby) -> None:
    watchers = [await room.watch(room.customer, 0), await room.watch(room.olivia, 1)]
    clients = [await room.join((room.customer, room.amir)[n % 2], n % 2) for n in range(SENDERS)]
    senders = [Sender(room, client, f"sender{n}") for n, client in enumerate(clients)]
    enough = asyncio.Event()
    talking = [asyncio.create_task(sender.talk(enough)) for sender in senders]
    await asyncio.gather(*(sender.has_acks(BEFORE) for sender in senders))
    await asyncio.to_thread(primary.kill)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(standby.take_over)
    await asyncio.gather(*(sender.has_acks(len(sender.acked) + AFTER) for sender in senders))
    enough.set()
    await asyncio.gather(*talking)

    history = await room.history(room.customer)
    stored = {message["clientId"]: message["id"] for message in history}
    assert stored == {key: value for sender in senders for key, value in sender.acked.items()}
    assert max(Counter(message["clientId"] for message in history).values()) == 1
    assert seqs(history) == list(range(1, len(history) + 1))
    await all_are_told(room, watchers, senders)


async def all_are_told(room: Room, watchers: list[Watcher], senders: list[Sender]) -> None:
    """Each message whose first attempt was acked has an event.

    If the failover lost the answer to a COMMIT, there is no event for the message and its sends were refused.
    Everybody still learns that the conversation changed.
    """
    head = (await room.seen_by(room.customer))["rev"]
    for watcher in watchers:
        await watcher.catches_up(head)
        told = {f.data["message"]["clientId"] for f in watcher.client.events if f.event == "new_message"}
        for sender in senders:
            assert sender.acked.keys() - sender.refused <= told
