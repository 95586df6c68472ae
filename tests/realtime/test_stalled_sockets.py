"""The queue of a reader that accepts nothing is bounded, including the server's own buffer."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, Protocol

import pytest
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.abstract import FileDescriptor
from uvicorn import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.protocol import State

from chatsite.realtime.events import Event
from chatsite.realtime.outbox import Outbox
from chatsite.realtime.servers import daphne, uvicorn
from chatsite.realtime.servers.frames import encode_text_frames
from chatsite.realtime.servers.sockets import ServerSocket
from tests.harness.patience import patience

pytestmark = pytest.mark.standalone

FRAME: Final = b"x" * 8_000
MOST: Final = 40  # frames in the queue of a test
TRANSPORT: Final = 64 * 1024  # bytes; above this both transports stop accepting
KERNEL: Final = 4_096  # requested bytes of the socket's buffers; the kernel uses a multiple
FRAMES: Final = 400


class Below(Protocol):
    """One server's connection to a client that reads nothing until a test tells it to."""

    socket: ServerSocket

    @property
    def held(self) -> int:
        """Return the number of bytes in the transport's buffer."""

    async def read_all(self) -> bytes:
        """Return what arrives from now on, until nothing is left."""

    def close(self) -> None: ...


class StalledDescriptor(FileDescriptor):
    """Twisted's transport with its own buffer and producer, over a file that first accepts nothing, and then
    everything.
    """

    def __init__(self) -> None:
        nothing: Any = SimpleNamespace(addWriter=lambda _: None, removeWriter=lambda _: None)
        super().__init__(reactor=nothing)
        self.connected = 1
        self.is_open = False
        self.written = 0
        self.taken = b""

    def write(self, data: bytes) -> None:
        self.written += len(data)
        super().write(data)

    def writeSomeData(self, data: bytes) -> int:
        if not self.is_open:
            return 0
        self.taken += data
        return len(data)


class DaphneBelow:
    socket: ServerSocket

    def __init__(self) -> None:
        self._protocol: Any = WebSocketProtocol()
        protocol = self._protocol
        self._descriptor = protocol.transport = StalledDescriptor()
        protocol.state = protocol.STATE_OPEN
        protocol.dropConnection = self._drop
        protocol.sendMessage = lambda payload, _: self._descriptor.write(encode_text_frames([payload]))
        found = daphne.find_socket(functools.partial(print, protocol))
        assert found is not None
        self.socket = found

    def _drop(self, *, abort: bool) -> None:
        assert abort, "a close that is not an abort waits for the reader"
        self._protocol.state = self._protocol.STATE_CLOSED

    @property
    def held(self) -> int:
        return self._descriptor.written - len(self._descriptor.taken)

    async def read_all(self) -> bytes:
        self._descriptor.is_open = True
        while self.held:
            self._descriptor.doWrite()  # type: ignore[no-untyped-call]
            await asyncio.sleep(0.01)
        return self._descriptor.taken

    def close(self) -> None:
        """There is nothing to close."""


async def nothing_runs(scope: Any, receive: Any, send: Any) -> None: ...


class UvicornBelow:
    socket: ServerSocket

    async def open(self) -> None:
        here, self._there = socket.socketpair()
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL)
        self._there.setblocking(False)
        protocol = WebSocketsSansIOProtocol(Config(nothing_runs), ServerState(), {})
        self._transport, _ = await asyncio.get_running_loop().create_connection(lambda: protocol, sock=here)
        protocol.handshake_complete = True
        protocol.conn.state = State.OPEN
        found = uvicorn.find_socket(protocol.send)
        assert found is not None
        self.socket = found

    @property
    def held(self) -> int:
        return self._transport.get_write_buffer_size()

    async def read_all(self) -> bytes:
        loop, taken = asyncio.get_running_loop(), b""
        try:
            while True:
                async with asyncio.timeout(0.5):
                    taken += await loop.sock_recv(self._there, 2**20)
        except TimeoutError:
            return taken

    def close(self) -> None:
        self._transport.abort()
        self._there.close()


@pytest.fixture(params=["daphne", "uvicorn"])
async def below(request: pytest.FixtureRequest) -> AsyncIterator[Below]:
    server: DaphneBelow | UvicornBelow = DaphneBelow() if request.param == "daphne" else UvicornBelow()
    if isinstance(server, UvicornBelow):
        await server.open()
    yield server
    server.close()


class Frames:
    """Writes as a session does: many frames at once, or a single one."""

    def __init__(self, below: Below) -> None:
        self._socket = below.socket

    def write_now(self, frames: Iterable[bytes]) -> bool:
        return self._socket.write_now(frames)

    async def write(self, frame: bytes) -> None:
        await self._socket.write(frame)


@dataclass
class Owner:
    overflows: list[int]

    def is_recoverable(self, event: Event) -> bool:
        return False

    def delivered(self, event: Event) -> None:
        pass

    def caught_up(self, since: float) -> None:
        pass

    def stalled(self) -> None:
        self.overflows.append(1)


def outbox(below: Below, overflows: list[int]) -> Outbox:
    return Outbox(Frames(below), Owner(overflows), most_frames=MOST, most_bytes=10**9, stall_seconds=60)


async def put(queue: Outbox, overflows: list[int], count: int) -> int:
    """Put one frame in each turn of the loop until the queue overflows. Return how many."""
    for number in range(count):
        queue.put(FRAME)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if overflows:
            return number + 1
    return count


async def test_its_queue_is_bounded(below: Below) -> None:
    overflows: list[int] = []
    queue = outbox(below, overflows)
    taken = await put(queue, overflows, FRAMES)
    assert overflows == [1], "the process would have taken all of it"
    assert taken < FRAMES
    assert below.held <= TRANSPORT + 2 * len(FRAME)
    queue.stop()


async def test_after_a_pause_everything_arrives(below: Below) -> None:
    """The frames are more than the transport accepts, and fewer than the queue holds."""
    overflows: list[int] = []
    queue = outbox(below, overflows)
    await put(queue, overflows, MOST)
    assert queue.waiting[0] > 0, "nothing had to wait"
    arrived, _ = await asyncio.gather(below.read_all(), asyncio.wait_for(queue.drain(), patience(5)))
    assert not overflows
    assert arrived.count(b"\x81\x7e") == MOST
    assert arrived.count(b"x") == MOST * len(FRAME)


def fill(below: Below) -> None:
    while below.socket.write_now([FRAME]):
        pass


async def test_a_write_that_is_not_taken_ends_the_connection(
    below: Below, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server in (daphne, uvicorn):
        monkeypatch.setattr(server, "STALL_SECONDS", 0.05)
    fill(below)
    assert not below.socket.is_gone
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(below.socket.write(FRAME), patience(5))
    await asyncio.sleep(0)
    assert below.socket.is_gone


async def test_a_close_that_is_not_taken_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn would wait for the reader. daphne and autobahn have their own time limit."""
    monkeypatch.setattr(uvicorn, "CLOSE_SECONDS", 0.05)
    below = UvicornBelow()
    await below.open()
    fill(below)
    with pytest.raises(ClientDisconnected):
        await asyncio.wait_for(below.socket.close(1001, "no answer to a ping"), patience(5))
    assert below.socket.is_gone
    below.close()
