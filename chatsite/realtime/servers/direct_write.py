"""Frames straight to the server's socket, many in one write.

ASGI's `send` takes one message at a time, and each costs the server's frame building and a system call of its own: half
of what a delivered message costs. Both servers that we support bind their connection to `send`, so there a whole queue
of frames is written at once, as RFC 6455 has them: unmasked, final, never compressed (which permessage-deflate allows
for any message). With any other server, or a middleware around `send`, `direct_socket` is None and `send` is used.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Protocol

from autobahn.websocket.protocol import WebSocketProtocol as AutobahnProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chatsite.realtime.servers.daphne import Valve, write_at_once
from chatsite.realtime.servers.slimming import Receive, replace_queue, slim_daphne, slim_uvicorn


class DirectSocket(Protocol):
    def write_now(self, frames: Iterable[bytes]) -> bool:
        """Write the texts (UTF-8) as one frame each. False: the socket takes nothing now, and nothing was written."""

    async def until_writable(self) -> None:
        """Wait for a slow reader; returns for one that has gone, too."""

    @property
    def is_gone(self) -> bool:
        """Whether the connection is lost, which its reader may not have been told yet."""

    def forget_handshake(self, receive: Receive) -> Receive:
        """Let go what an accepted connection needs no more. Only its reader may call this, between two messages; it
        reads on by what it is answered, in the place of `receive`."""

    def stop_pings(self) -> None:
        """The application asks for signs of life itself."""


def direct_socket(send: object) -> DirectSocket | None:
    """The accepted WebSocket behind an ASGI `send`, where it is a server's own."""
    uvicorn = getattr(send, "__self__", None)
    if isinstance(uvicorn, WebSocketsSansIOProtocol):
        return UvicornSocket(uvicorn)
    daphne = autobahn_protocol(send)
    return None if daphne is None else DaphneSocket(daphne)


def autobahn_protocol(send: object) -> Any:
    """The connection that daphne bound to `send`; None on every other server."""
    if isinstance(send, functools.partial) and send.args and isinstance(send.args[0], AutobahnProtocol):
        return send.args[0]
    return None


class UvicornSocket:
    __slots__ = ("_protocol",)

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol

    def write_now(self, frames: Iterable[bytes]) -> bool:
        protocol = self._protocol
        if not protocol.writable.is_set() or protocol.close_sent or not protocol.handshake_complete:
            return False
        protocol.transport.write(_framed(frames))
        return True

    async def until_writable(self) -> None:
        await self._protocol.writable.wait()

    @property
    def is_gone(self) -> bool:
        return bool(self._protocol.disconnected)

    def forget_handshake(self, receive: Receive) -> Receive:
        slim_uvicorn(self._protocol)
        return receive

    def stop_pings(self) -> None:
        self._protocol.ping_interval = None
        self._protocol.stop_keepalive()


class DaphneSocket:
    __slots__ = ("_protocol", "_valve")

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._valve: Valve | None = None

    def write_now(self, frames: Iterable[bytes]) -> bool:
        protocol = self._protocol
        if protocol.state != protocol.STATE_OPEN or not self._opened_valve().is_open:
            return False
        write_at_once(protocol.transport, _framed(frames))
        return True

    async def until_writable(self) -> None:
        await self._opened_valve().wait()

    @property
    def is_gone(self) -> bool:
        return bool(self._protocol.state == self._protocol.STATE_CLOSED)

    def forget_handshake(self, receive: Receive) -> Receive:
        slim_daphne(self._protocol)
        return replace_queue(self._protocol, receive)

    def stop_pings(self) -> None:
        """daphne looks through all of its connections, and has nothing for each."""

    def _opened_valve(self) -> Valve:
        """Made with the first frame, when the connection is no longer HTTP's."""
        if self._valve is None:
            self._valve = Valve(self._protocol.transport)
        return self._valve


def _framed(frames: Iterable[bytes]) -> bytes:
    parts: list[bytes] = []
    for payload in frames:
        length = len(payload)
        if length < 126:
            head = bytes((0x81, length))
        elif length < 65_536:
            head = b"\x81\x7e" + length.to_bytes(2)
        else:
            head = b"\x81\x7f" + length.to_bytes(8)
        parts += (head, payload)
    return b"".join(parts)
