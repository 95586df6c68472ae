"""A reader with more events than its queue holds keeps its socket, and gets the current state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from websockets.asyncio.client import ClientConnection

from tests.conversations.rooms import Room
from tests.harness.patience import patience
from tests.harness.plain_asgi import has_back_pressure
from tests.harness.websocket import dial

CONTROL = "\x01" * 7_990  # JSON escapes each to six bytes
MESSAGES = 450  # 22 MB: past the queue and the buffers of both kernels
WINDOW = 100  # sends in progress

Pushed = tuple[str, Any]  # an event and its data


class Dialect(Protocol):
    """How one transport opens, and the form of its frames."""

    async def open(self, url: str, access: str) -> ClientConnection: ...

    def command(self, name: str, data: Any) -> str: ...

    def events(self, text: str) -> Iterator[Pushed]: ...


class Native:
    async def open(self, url: str, access: str) -> ClientConnection:
        headers = {"Authorization": f"Bearer {access}"}
        return await dial(url, additional_headers=headers, max_size=None, max_queue=1, close_timeout=1)

    def command(self, name: str, data: Any) -> str:
        return json.dumps({"event": name, "data": data, "ref": 1})

    def events(self, text: str) -> Iterator[Pushed]:
        frame = json.loads(text)
        yield frame["event"], frame["data"]


class SocketIO:
    async def open(self, url: str, access: str) -> ClientConnection:
        address = url.removesuffix("/chat") + "/socket.io/?EIO=4&transport=websocket"
        connection = await dial(address, max_size=None, max_queue=1, close_timeout=1)
        await connection.send("40/chat," + json.dumps({"token": access}))
        return connection

    def command(self, name: str, data: Any) -> str:
        return "42/chat,1" + json.dumps([name, data])

    def events(self, text: str) -> Iterator[Pushed]:
        if text.startswith("42/chat,"):
            name, data = json.loads(text[8:])
            yield name, data
        elif text.startswith("43/chat,1"):
            yield "ack", json.loads(text[9:])[0]


class Reader:
    """A client that reads only when a test tells it to."""

    def __init__(self, dialect: Dialect, connection: ClientConnection) -> None:
        self._dialect = dialect
        self._connection = connection

    async def call(self, name: str, data: Any) -> Any:
        await self._connection.send(self._dialect.command(name, data))
        async for event, answer in self._pushed():
            if event == "ack":
                return answer
        raise AssertionError("closed before the answer")

    async def read_up_to(self, rev: int) -> list[Pushed]:
        """Return what was pushed, up to the first event with this `rev` or a later one."""
        seen: list[Pushed] = []
        async with asyncio.timeout(patience(30)):
            async for pushed in self._pushed():
                seen.append(pushed)
                if pushed[1].get("rev", 0) >= rev:
                    return seen
        raise AssertionError("closed before the end")

    async def _pushed(self) -> Any:
        while True:
            text = await self._connection.recv()
            if text == "2":
                await self._connection.send("3")
            else:
                for pushed in self._dialect.events(str(text)):
                    yield pushed

    async def close(self) -> None:
        await self._connection.close()


@pytest.mark.parametrize("server", [0, 1])
@pytest.mark.parametrize("dialect", [Native(), SocketIO()], ids=["native", "socketio"])
async def test_a_pause_in_a_large_burst_ends_in_a_sync_and_not_in_a_close(
    room: Room, dialect: Dialect, server: int
) -> None:
    process = room.cast.stage.deployment.server(server)
    reader = Reader(dialect, await dialect.open(process.live_url, room.olivia.access))
    await reader.call("join_conversation", {"conversationId": room.id})
    sender = await room.join(room.customer, 1 - server)
    places = asyncio.Semaphore(WINDOW)

    async def send() -> int:
        async with places:
            sent = await room.send(sender, CONTROL)
            return int(sent["message"]["rev"])

    rev = max(await asyncio.gather(*(send() for _ in range(MESSAGES))))
    seen = await reader.read_up_to(rev)
    messages = [data["message"]["seq"] for event, data in seen if event == "new_message"]
    assert messages == sorted(set(messages))
    if has_back_pressure(process.kind):
        assert len(messages) < MESSAGES, "nothing had to be dropped"
        answer = await reader.call("sync", {"conversations": {room.id: len(messages)}})
        part = answer["conversations"][room.id]
        assert part["conversation"]["rev"] >= rev
        assert part["resync"] or part["messages"][-1]["rev"] >= rev
    else:
        assert len(messages) == MESSAGES
    await reader.close()
