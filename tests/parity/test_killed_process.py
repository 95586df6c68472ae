"""A server process dies with kill -9 under Socket.IO clients.

They follow the protocol: a `clientId` with every send, and `sync` after every connection. Nothing is lost, repeated
or out of order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.client import Frame
from tests.harness.mirror import Mirror
from tests.harness.patience import patience
from tests.harness.rest import Json, RestClient
from tests.harness.servers import Server
from tests.parity.node import NodeBridge

EACH = 150
KILL_AFTER = 50  # answers


class Talker:
    """A Socket.IO client that connects to the next server when its connection ends.

    It keeps a message until it is acknowledged.
    """

    def __init__(self, bridge: NodeBridge, room: Room, mirror: Mirror, who: str) -> None:
        self.mirror = mirror
        self.answers: dict[str, Json] = {}
        self.connections: list[str] = []
        self.is_busy = asyncio.Event()
        self.idle = asyncio.Event()
        self._bridge = bridge
        self._room = room
        self._who = who
        self._waiting: dict[str, Json] = {}
        self._is_up = False  # as far as is known here: what waits is sent first over a new connection
        self._name = bridge.new_socket(self._take)

    def open(self, urls: list[str], token: str) -> None:
        self._bridge.do("open", self._name, urls=urls, token=token, stay=True)

    def close(self) -> None:
        self._bridge.do("close", self._name)

    async def talk(self, killed: asyncio.Event) -> None:
        """Send messages. The last ones wait for the kill, which may be late."""
        for number in range(EACH):
            if number == EACH - KILL_AFTER:
                await killed.wait()
            client_id = f"{self._who}{number}"
            data = {"conversationId": self._room.id, "content": client_id, "clientId": client_id}
            self._waiting[client_id] = data
            self.idle.clear()
            self._emit("send_message", data, client_id)
            await asyncio.sleep(0.004)
        await self.idle.wait()

    def ask(self) -> None:
        """Use `sync`, because the last event may be lost."""
        self._emit("sync", {"conversations": {self._room.id: self.mirror.known()}}, "sync")

    def _emit(self, event: str, data: Json, ref: str) -> None:
        if self._is_up:
            self._bridge.do("emit", self._name, event=event, data=data, ref=ref)

    def _take(self, told: Json) -> None:
        if told["is"] == "up":
            self._is_up = True
            self.connections.append(told["url"])
            self._emit("join_conversation", {"conversationId": self._room.id}, "join")
            self.ask()
            for client_id, data in self._waiting.items():
                self._emit("send_message", data, client_id)
        elif told["is"] == "down":
            self._is_up = False
        elif told["is"] == "push" and "rev" in told["data"]:
            self.mirror.apply(Frame(told["event"], told["data"]))
        elif told["is"] == "ack":
            self._answered(told["ref"], told["data"])

    def _answered(self, ref: str, data: Json) -> None:
        assert "error" not in data, f"{ref}: {data}"
        if ref == "sync":
            synced = data["conversations"][self._room.id]
            assert not synced.get("resync")
            self.mirror.take_conversation(synced["conversation"])
            for message in synced.get("messages", []):
                self.mirror.take_message(message)
            self.mirror.revs.update(range(self.mirror.base + 1, synced["conversation"]["rev"] + 1))
        elif ref in self._waiting:
            self.answers[ref] = data
            if len(self.answers) == KILL_AFTER:
                self.is_busy.set()
            del self._waiting[ref]
            if not self._waiting:
                self.idle.set()


@pytest.fixture
async def room(services_cast: Cast) -> Room:
    return await Room.open(services_cast)


@pytest.fixture
async def killed(services: Deployment) -> AsyncIterator[Server]:
    server = services.server(0)
    yield server
    server.kill9()
    server.start()


async def test_nothing_is_lost_doubled_or_out_of_order(
    services: Deployment, room: Room, bridge: NodeBridge, killed: Server
) -> None:
    talkers = {}
    for person, who in ((room.customer, "c"), (room.olivia, "o")):
        mirror = await Mirror.fetch(person.rest_on(1), room.id)
        talkers[who] = Talker(bridge, room, mirror, who)
        urls = [services.server(person.home + n).url for n in range(3)]
        talkers[who].open(urls, person.access)
    customer, olivia = talkers["c"], talkers["o"]

    async with asyncio.timeout(patience(120)):
        done = asyncio.Event()
        talking = asyncio.gather(customer.talk(done), olivia.talk(done))
        await customer.is_busy.wait()
        killed.kill9()
        done.set()
        await talking
    assert len(customer.connections) > 1, "the customer's connection should have ended"

    rest = {"c": room.customer.rest_on(1), "o": room.olivia.rest_on(1)}
    fresh: Mirror | None = None
    for who, talker in talkers.items():
        fresh = await settled(talker, rest[who], room)
        talker.close()
    assert fresh is not None
    rows = fresh.ordered()
    assert [row["seq"] for row in rows] == list(range(1, 2 * EACH + 1))
    for who in talkers:
        mine = [row["clientId"] for row in rows if row["clientId"].startswith(who)]
        assert mine == [f"{who}{number}" for number in range(EACH)]


async def settled(talker: Talker, rest: RestClient, room: Room) -> Mirror:
    """Wait until the talker's state equals a fresh fetch."""
    async with asyncio.timeout(patience(30)):
        while True:
            fresh = await Mirror.fetch(rest, room.id)
            if not talker.mirror.diff(fresh):
                return fresh
            talker.ask()
            await asyncio.sleep(0.5)
