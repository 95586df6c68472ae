"""Engine.IO over WebSocket: packets written as they come, frames read one after the other.

python-engineio's own way costs two tasks for every frame that arrives and a queue without an end for what leaves, so
a client that does not read would grow the process. Here a write waits for the socket, which is what the session's
bounded outbox counts on. Long polling keeps the library's queue, with a limit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import engineio
from engineio import packet
from engineio.async_socket import AsyncSocket

from chatsite.realtime.servers.sockets import server_socket
from chatsite.realtime.timers import EqualDelays
from chatsite.realtime.transports.socketio.polling import translate_checked

logger = logging.getLogger(__name__)

WAITING_PACKETS: Final = 100  # for the next poll of a long-polling client; past it the session's outbox waits
POLL_PACKETS: Final = 16  # in one answer; python-engineio's own client takes no more
UPGRADE_SECONDS: Final = 10  # from the probe to the upgrade
FLUSH_SECONDS: Final = 1  # that a close waits for the client's poll to take what is queued

NORMAL, PROTOCOL_ERROR = 1000, 1002  # close codes
PROBE, PROBE_ANSWER, UPGRADE = "2probe", "3probe", "5"


class EncodedPacket(packet.Packet):  # type: ignore[misc]
    """A message packet from its finished text, Engine.IO type included."""

    def __init__(self, frame: str) -> None:
        super().__init__(packet.MESSAGE)
        self.encode_cache = frame


class PacketQueue(asyncio.Queue[Any]):
    """Packets for the next poll; once there is a WebSocket, they go past the queue to it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.websocket: EngineWebSocket | None = None
        self._room: asyncio.Event | None = None  # what a writer waits for, where one does
        self._polled = 0

    def get_nowait(self) -> Any:
        """A poll takes packets until there are none; after so many there seem to be none."""
        if self.empty() or self._polled >= POLL_PACKETS:
            self._polled = 0
            raise asyncio.QueueEmpty
        self._polled += 1
        return super().get_nowait()

    def _get(self) -> Any:
        self._make_room()
        return super()._get()

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None

    async def put(self, pkt: Any) -> None:
        """Never waits for a poll: the library sends pings and closes by this too. None ends a poll."""
        if self.websocket is None:
            self.put_nowait(pkt)
        elif pkt is not None:
            await self.websocket.send_packet(pkt)

    async def write(self, frame: str) -> None:
        """Send a message, once the client has taken enough of those before it."""
        while self.websocket is None and self.qsize() >= WAITING_PACKETS:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()
        if self.websocket is None:
            self.put_nowait(EncodedPacket(frame))
        else:
            await self.websocket.send(frame)

    def write_now(self, frames: Iterable[bytes]) -> bool:
        """Many messages to the WebSocket in one write. False: there is none, or it must be waited for."""
        return self.websocket is not None and self.websocket.write_now(frames)

    async def divert(self, websocket: EngineWebSocket) -> None:
        """From now on write to `websocket`, first of all what has been waiting."""
        while not self.empty():
            waiting = super().get_nowait()
            self.task_done()
            if waiting is not None and waiting.packet_type != packet.NOOP:
                await websocket.send_packet(waiting)
        self.websocket = websocket
        self._make_room()

    def end_poll(self) -> None:
        """Answer a poll that waits; after the end of the connection nothing else would for a long time."""
        if self.websocket is None and self.empty():
            self.put_nowait(packet.Packet(packet.NOOP))

    async def join(self) -> None:
        """Wait for the poll that takes the last packet, but not for a client that does not poll any more."""
        try:
            await asyncio.wait_for(super().join(), FLUSH_SECONDS)
        except TimeoutError:
            logger.debug("closed a long-polling client that did not take its last packets")


class EngineWebSocket:
    """The WebSocket driver of the engine: it serves one socket from the handshake, or the upgrade, to the end."""

    __slots__ = ("_below", "_is_closed", "_receive_asgi", "_send_asgi", "_server", "_socket")

    def __init__(self, handler: Callable[..., Any], server: Engine) -> None:
        self._socket: Any = handler.__self__  # type: ignore[attr-defined]  # all that the library tells of its socket
        self._server = server
        self._is_closed = False

    async def __call__(self, environ: dict[str, Any]) -> EngineWebSocket | str:
        """Open the socket, and answer it: the library hands the answer through, and `Engine.handle_request` serves it.

        Its six coroutines, with all that they know of the request, would stay as long as the socket otherwise.
        """
        self._receive_asgi, self._send_asgi = environ["asgi.receive"], environ["asgi.send"]
        self._below = server_socket(self._send_asgi)
        await self._send_asgi({"type": "websocket.accept"})
        if self._socket.connected and not await self._upgrade():
            await self.close(PROTOCOL_ERROR, "no upgrade")
            return ""
        self._socket.connected = self._socket.upgraded = True
        self._below.stop_pings()  # the engine has its own
        return self

    async def serve(self) -> None:
        try:
            await self._socket.queue.divert(self)
            while await self._take(await self._receive_asgi()):
                pass
        finally:
            # First the session: a peer that does not read can hold up the goodbye.
            await self._socket.close(wait=False, abort=True, reason=self._server.reason.TRANSPORT_CLOSE)
            await self.close(NORMAL, "")
            self._server.sockets.pop(self._socket.sid, None)

    @property
    def is_gone(self) -> bool:
        return self._is_closed or self._below.is_gone

    # Writing

    def write_now(self, frames: Iterable[bytes]) -> bool:
        return not self._is_closed and self._below.write_now(frames)

    async def send(self, frame: str) -> None:
        """Wait until the socket takes the frame. What cannot be written any more is dropped: history has it."""
        if self._is_closed:
            return
        try:
            await self._below.write(frame.encode())
        except (OSError, RuntimeError) as error:  # the peer went away; the reader is about to learn of it
            self._is_closed = True
            logger.debug("could not write: %s", error)

    async def send_packet(self, pkt: Any) -> None:
        """Write a packet of the library. Browsers do not act on a close packet here, so the socket closes as well."""
        await self.send(pkt.encode())
        if pkt.packet_type == packet.CLOSE:
            await self.close(NORMAL, "")

    async def close(self, code: int, reason: str) -> None:
        """Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._below.close(code, reason)
        except (OSError, RuntimeError) as error:  # the peer went away
            logger.debug("could not close: %s", error)

    # Reading

    async def _upgrade(self) -> bool:
        """Take over from long polling: probe, answer, end of the waiting poll, upgrade."""
        socket = self._socket
        if socket.upgrading:
            return False
        socket.upgrading = True
        try:
            async with asyncio.timeout(UPGRADE_SECONDS):
                if await self._frame() != PROBE:
                    return False
                await self.send(PROBE_ANSWER)
                await socket.queue.put(packet.Packet(packet.NOOP))
                return await self._frame() == UPGRADE and not socket.closed
        except TimeoutError:
            return False
        finally:
            socket.upgrading = False

    async def _frame(self) -> str | bytes | None:
        """The next frame; None at the end."""
        return self._frame_of(await self._receive_asgi())

    def _frame_of(self, message: dict[str, Any]) -> str | bytes | None:
        if message["type"] != "websocket.receive":
            self._is_closed = True
            return None
        text: str | None = message.get("text")
        return text if text is not None else message["bytes"] or b""

    async def _take(self, message: dict[str, Any]) -> bool:
        """Act on a frame; answers whether there may be another."""
        frame = self._frame_of(message)
        if frame is None:
            return False
        if isinstance(frame, bytes):
            await self._server.handlers["message"](self._socket.sid, frame)
        elif frame[:1] == "4":
            await self._server.handlers["message"](self._socket.sid, frame[1:])
        elif frame[:1] == "3":
            self._socket.schedule_ping()
        else:
            if frame[:1] != "1":  # it is no goodbye either
                await self.close(PROTOCOL_ERROR, "not an Engine.IO packet")
            return False
        return True


class Engine(engineio.AsyncServer):  # type: ignore[misc]
    """python-engineio's server with the queue and the driver of this module."""

    _async: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._async = {**self._async, "websocket": EngineWebSocket, "translate_request": translate_checked}
        self._pings: set[asyncio.Task[None]] = set()
        self._pings_to_come = EqualDelays(self.ping_interval, self._ping)

    async def handle_request(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        answer = await super().handle_request(scope, receive, send)
        if isinstance(answer, EngineWebSocket):
            await answer.serve()

    def create_queue(self, *arguments: Any, **options: Any) -> PacketQueue:
        return PacketQueue()

    def start_background_task(self, target: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """A ping that comes in half a minute waits with all others; as the library's sleeping task it is 1 KiB."""
        socket = getattr(target, "__self__", None)
        if isinstance(socket, AsyncSocket) and target == socket._send_ping:
            self._pings_to_come.add(socket)
            return None
        return super().start_background_task(target, *arguments, **options)

    def _ping(self, socket: AsyncSocket) -> None:
        if socket.closing or socket.closed:
            return
        socket.last_ping = time.time()
        ping = asyncio.get_running_loop().create_task(socket.send(packet.Packet(packet.PING)))
        self._pings.add(ping)
        ping.add_done_callback(self._pings.discard)
