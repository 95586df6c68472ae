"""TCP proxies that can fail: between clients and nginx, and between the servers and Redis."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from types import TracebackType
from typing import Literal, Self

from tests.faults.resp import end_of_reply, is_event

CHUNK = 65536
Mischief = Literal["drop", "duplicate", "delay"]


class Connection:
    """One proxied connection. `down` is the direction to the caller."""

    def __init__(self, caller: asyncio.StreamWriter, called: asyncio.StreamWriter) -> None:
        self.caller, self.called = caller, called
        self.up_open, self.down_open = asyncio.Event(), asyncio.Event()
        self.up_open.set()
        self.down_open.set()

    def freeze(self, *, down_only: bool = False) -> None:
        """Pass nothing more, without closing."""
        self.down_open.clear()
        if not down_only:
            self.up_open.clear()

    def thaw(self) -> None:
        self.up_open.set()
        self.down_open.set()

    def cut(self) -> None:
        """Reset both sides."""
        self.thaw()
        for writer in (self.caller, self.called):
            writer.transport.abort()


class Line:
    """Listens on `port`, and connects every caller to `target`. A context manager."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.connections: set[Connection] = set()

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0, backlog=4096)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in list(self.connections):
            connection.cut()

    def pick(self, chance: random.Random, most: int) -> list[Connection]:
        """Return some random open connections."""
        alive = sorted(self.connections, key=id)
        return chance.sample(alive, min(most, len(alive)))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(writer, far_writer)
        self.connections.add(connection)
        try:
            up = asyncio.create_task(self._pump(reader, far_writer, connection.up_open))
            down = asyncio.create_task(self._pump_down(far_reader, writer, connection))
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([up, down], timeout=0.2)  # what the other direction still carries
            for task in (up, down):
                task.cancel()
        finally:
            self.connections.discard(connection)
            connection.cut()

    async def _pump_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: Connection
    ) -> None:
        await self._pump(reader, writer, connection.down_open)

    @staticmethod
    async def _pump(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event
    ) -> None:
        try:
            while True:
                await is_open.wait()
                chunk = await reader.read(CHUNK)
                await is_open.wait()
                if not chunk:
                    return
                writer.write(chunk)
                await writer.drain()
        except OSError:
            return  # the other side is gone, and so is this one in a moment


class RedisLine(Line):
    """Also loses, repeats and delays single events of the channel layer on their way to a server process."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self._planned: deque[tuple[Mischief, float]] = deque()
        self.is_silent = False  # every event is lost
        self.done = 0  # events that were lost, doubled or delayed

    def plan(self, mischief: Mischief, seconds: float = 0.0) -> None:
        """Set what happens to the next event."""
        self._planned.append((mischief, seconds))

    def behave(self) -> None:
        self._planned.clear()
        self.is_silent = False

    async def _pump_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: Connection
    ) -> None:
        waiting = b""
        try:
            while chunk := await reader.read(CHUNK):
                waiting += chunk
                start = 0
                while (end := end_of_reply(waiting, start)) is not None:
                    self._pass(waiting[start:end], writer)
                    start = end
                waiting = waiting[start:]
                await writer.drain()
        except OSError:
            return

    def _pass(self, reply: bytes, writer: asyncio.StreamWriter) -> None:
        if not is_event(reply) or not (self._planned or self.is_silent):
            writer.write(reply)
            return
        self.done += 1
        if self.is_silent:
            return
        mischief, seconds = self._planned.popleft()
        if mischief == "duplicate":
            writer.write(reply * 2)
        elif mischief == "delay":
            asyncio.get_running_loop().call_later(seconds, _write_late, writer, reply)


def _write_late(writer: asyncio.StreamWriter, reply: bytes) -> None:
    if not writer.is_closing():
        writer.write(reply)
