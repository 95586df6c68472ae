"""One Engine.IO connection: its packets, its pings, and the change from long polling to WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol
from uuid import uuid4

from django.conf import settings

from chatsite.realtime.servers.sockets import ServerSocket
from chatsite.realtime.transports.socketio import packets

logger = logging.getLogger(__name__)

WAITING_PACKETS: Final = 100  # packets for the next poll; with more, the session's outbox waits
POLL_PACKETS: Final = 16  # packets in one answer; python-engineio's client accepts no more
UPGRADE_POLL_SECONDS: Final = 0.1  # for which a poll waits for the end of an upgrade
LINGER_SECONDS: Final = 2.0  # after a close, for a polling client to fetch its last packets

GOING_AWAY: Final = 1001


class Messages(Protocol):
    """The receiver of a connection's messages."""

    async def take(self, message: str | bytes) -> None: ...

    async def closed(self) -> None: ...


class EngineConnection:
    """One connection. Packets wait for the next poll, or are written to the WebSocket if there is one."""

    def __init__(self, forget: Callable[[EngineConnection], None]) -> None:
        self.sid = uuid4().hex
        self.messages: Messages | None = None
        self.websocket: ServerSocket | None = None
        self._upgrade: asyncio.Future[None] | None = None  # done when the upgrade has succeeded or failed
        self.is_closed = False  # accepts no packets; the last ones to send may still wait for a poll
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._packets: list[str] = []
        self._poll: asyncio.Future[None] | None = None
        self._room: asyncio.Event | None = None
        self._timer = self._loop.call_later(settings.CHAT.ping_seconds, self._ping)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_gone(self) -> bool:
        """Whether the client is known to have left. The disconnect message may not have arrived yet."""
        return self.is_closed or (self.websocket is not None and self.websocket.is_gone)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Writing

    def write_now(self, frames: Iterable[bytes]) -> bool:
        """Write Engine.IO packets without waiting. Return False if that is impossible now."""
        if self.is_closed:
            return True  # the frames are dropped; the client catches up when it reconnects
        if self.websocket is not None:
            return self.websocket.write_now(frames)
        if len(self._packets) >= WAITING_PACKETS:
            return False
        self._packets += [frame.decode() for frame in frames]
        self._end_poll()
        return True

    async def write(self, frame: bytes) -> None:
        """Write one packet, waiting for the WebSocket or for the next poll."""
        while self.websocket is None and not self.is_closed and len(self._packets) >= WAITING_PACKETS:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()
        if self.websocket is None or self.is_closed:
            self.write_now([frame])
            return
        with contextlib.suppress(
            OSError, RuntimeError
        ):  # the client has left; the disconnect message follows
            await self.websocket.write(frame)

    def _send(self, packet: str) -> None:
        """Send a packet of Engine.IO itself, even if the queue is full."""
        if self.websocket is None:
            self._packets.append(packet)
            self._end_poll()
        elif not self.websocket.write_now([packet.encode()]):
            self.spawn(self.write(packet.encode()))

    # Polling

    async def poll(self, until_gone: Callable[[], Coroutine[Any, Any, None]]) -> str | None:
        """Wait for a packet and return all that wait. Return None if another poll waits, or the client has left."""
        if self._poll is not None:
            await self.close()
            return None
        if not self._packets and self._upgrade is not None:
            await asyncio.wait((self._upgrade,), timeout=UPGRADE_POLL_SECONDS)
            if self.websocket is not None:
                return None
        elif not self._packets:
            poll = self._poll = self._loop.create_future()
            leaving = self._loop.create_task(until_gone())
            try:
                await asyncio.wait((poll, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._poll = None
                left = leaving.done() and not poll.done()
                leaving.cancel()
            if left:
                return None
        taken, self._packets = self._packets[:POLL_PACKETS], self._packets[POLL_PACKETS:]
        if self._room is not None:
            self._room.set()
            self._room = None
        if self.is_closed and not self._packets:
            self._forget(self)
        return packets.SEPARATOR.join(taken) or packets.NOOP

    def _end_poll(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    # The upgrade

    @property
    def is_upgrading(self) -> bool:
        return self._upgrade is not None

    def begin_upgrade(self) -> None:
        self._upgrade = self._loop.create_future()

    def stop_polling(self) -> None:
        """Answer the waiting poll, so that the client stops polling."""
        self._end_poll()

    async def finish_upgrade(self, websocket: ServerSocket) -> None:
        """Write the waiting packets to the WebSocket, and use it from now on."""
        while self._packets:
            waiting, self._packets = self._packets, []
            for packet in waiting:
                await websocket.write(packet.encode())
        self.websocket = websocket
        if self._room is not None:
            self._room.set()
            self._room = None

    def end_upgrade(self) -> None:
        if self._upgrade is not None:
            self._upgrade.set_result(None)
            self._upgrade = None

    # Pings

    def _ping(self) -> None:
        self._timer = self._loop.call_later(settings.CHAT.pong_seconds, self._miss_pong)
        self._send(packets.PING)

    def _miss_pong(self) -> None:
        logger.debug("closing a connection because its client did not answer a ping")
        if self.websocket is None and self._poll is None:
            self.spawn(self.lose())  # its next poll would come too late
        else:
            self.spawn(self.close(GOING_AWAY, "no answer to a ping"))

    def _pong(self) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_later(settings.CHAT.ping_seconds, self._ping)

    # Reading

    async def take(self, packet: str | bytes) -> bool:
        """Process a packet of the client. Return False if it ends the connection."""
        if isinstance(packet, bytes):
            await self._pass_on(packet)
        elif packet[:1] == packets.MESSAGE:
            await self._pass_on(packet[1:])
        elif packet[:1] == packets.PONG:
            self._pong()
        else:
            return False
        return True

    async def _pass_on(self, message: str | bytes) -> None:
        if self.messages is not None and not self.is_closed:
            await self.messages.take(message)

    # The end

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection. A polling client may still fetch the waiting packets and a close packet."""
        if self.is_closed:
            return
        await self._end()
        if self.websocket is None:
            had_poll = self._poll is not None
            self._packets.append(packets.CLOSE)
            self._end_poll()
            if not had_poll:
                self._loop.call_later(LINGER_SECONDS, self._forget, self)
            return
        self._forget(self)
        with contextlib.suppress(OSError, RuntimeError):  # the client has left
            await self.websocket.close(code, reason)

    async def lose(self) -> None:
        """End the connection, because the client has left."""
        if not self.is_closed:
            await self._end()
        self._end_poll()
        self._forget(self)

    async def _end(self) -> None:
        self.is_closed = True
        self._timer.cancel()
        if self._room is not None:
            self._room.set()
        if self.messages is not None:
            await self.messages.closed()
