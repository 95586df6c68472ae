"""daphne: back-pressure, every close code, many frames in one write, and no second access log.

- **Back-pressure.** daphne puts each frame into the transport's buffer however slow the reader is, so a stalled reader
  grows the process without limit (daphne#170). Twisted's transport tells a registered producer when its buffer passes
  64 KiB and when it has drained; `BackpressureGate` is that producer.
- **Close codes.** daphne closes with autobahn's `sendClose`, which accepts 1000 and 3000-4999 and raises for 1008,
  1009, 1012 and 1013. `sendCloseFrame` accepts all. autobahn itself drops the TCP connection for an oversized
  message, invalid UTF-8 or a protocol error; with `failByDrop` off it sends 1009, 1007 or 1002.
- **Speed.** Twisted waits for epoll before each write. Each frame needs two more system calls and one more turn of the
  event loop, a seventh of the cost of a message (docs/decisions/0012-server-internals.md).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable
from typing import Any, Final

from chatsite.realtime.servers.frames import encode_text_frames
from chatsite.realtime.servers.shape_check import ServerChanged, require

try:
    from autobahn.websocket.protocol import WebSocketServerProtocol as AutobahnProtocol
    from daphne.access import AccessLogGenerator
    from daphne.ws_protocol import WebSocketProtocol as DaphneProtocol
    from twisted.internet.tcp import Connection
except ImportError:  # a later release has moved them; `check_names` says so
    AutobahnProtocol = DaphneProtocol = None  # type: ignore[assignment,misc]

STALL_SECONDS: Final = 45.0
LONGEST_REASON: Final = 123  # bytes in a close frame

# Methods and attributes of the protocol object, its factory's options and Twisted's transport that are used here.
PROTOCOL_NAMES: Final = (
    "STATE_CLOSED",
    "STATE_OPEN",
    "dropConnection",
    "sendCloseFrame",
    "sendMessage",
)
TRANSPORT_NAMES: Final = (
    "TLS",
    "connected",
    "dataBuffer",
    "disconnecting",
    "registerProducer",
    "unregisterProducer",
    "writeSomeData",
    "write",
)


def check_names() -> None:
    """Raise `ServerChanged` if the installed daphne, autobahn or Twisted lacks a name that this module uses."""
    if DaphneProtocol is None:
        raise ServerChanged("daphne has no WebSocket protocol of autobahn's")
    require(DaphneProtocol, PROTOCOL_NAMES)
    if "failByDrop" not in DaphneProtocol.CONFIG_ATTRS:
        raise ServerChanged("autobahn has no option failByDrop")
    require(Connection, TRANSPORT_NAMES)
    require(Connection.__new__(Connection), ("connected", "disconnecting"))


def find_socket(send: object) -> DaphneSocket | None:
    """Return the socket that daphne bound to `send`, if daphne made `send`."""
    if isinstance(send, functools.partial) and send.args and isinstance(send.args[0], AutobahnProtocol):
        return DaphneSocket(send.args[0])
    return None


class DaphneSocket:
    __slots__ = ("_gate", "_protocol")

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._gate: BackpressureGate | None = None
        protocol.failByDrop = False

    @property
    def is_gone(self) -> bool:
        return bool(self._protocol.state == self._protocol.STATE_CLOSED)

    def write_now(self, frames: Iterable[bytes]) -> bool:
        protocol = self._protocol
        if protocol.state != protocol.STATE_OPEN or not self._opened_gate().is_open:
            return False
        write_at_once(protocol.transport, encode_text_frames(frames))
        return True

    async def write(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._opened_gate().wait()
        except TimeoutError:
            self._protocol.dropConnection(abort=True)
            raise
        if self._protocol.state == self._protocol.STATE_OPEN:
            self._protocol.sendMessage(frame, False)

    async def close(self, code: int, reason: str) -> None:
        text = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        self._protocol.sendCloseFrame(code=code, reasonUtf8=text.encode())

    def stop_pings(self) -> None:
        """daphne checks all its connections in one timer and keeps nothing for each."""

    def _opened_gate(self) -> BackpressureGate:
        """Create the gate with the first frame, when the transport no longer belongs to the HTTP channel."""
        if self._gate is None:
            self._gate = BackpressureGate(self._protocol.transport)
        return self._gate


class BackpressureGate:
    """A push producer of Twisted's. It takes the place of the HTTP channel that the socket was upgraded from."""

    __slots__ = ("_opening",)

    def __init__(self, transport: Any) -> None:
        self._opening: asyncio.Event | None = None  # None while the gate is open
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    @property
    def is_open(self) -> bool:
        return self._opening is None

    async def wait(self) -> None:
        """Wait until the transport takes more. Also returns when the connection is lost."""
        if self._opening is not None:
            await self._opening.wait()

    # IPushProducer, called by the transport

    def pauseProducing(self) -> None:
        if self._opening is None:
            self._opening = asyncio.Event()

    def resumeProducing(self) -> None:
        if self._opening is not None:
            self._opening.set()
            self._opening = None

    def stopProducing(self) -> None:
        self.resumeProducing()


def write_at_once(transport: Any, data: bytes) -> None:
    """Like `transport.write`, but pass to the kernel at once what it accepts."""
    sent = transport.writeSomeData(data) if _has_nothing_to_send(transport) else 0
    if not isinstance(sent, int):  # the connection is lost; Twisted notices at its own write
        sent = 0
    if sent < len(data):
        transport.write(data[sent:])


def _has_nothing_to_send(transport: Any) -> bool:
    """Return whether the transport is open and plain TCP, and its buffers are empty."""
    return (
        isinstance(transport, Connection)
        and bool(transport.connected)
        and not (
            transport.TLS
            or transport.disconnecting
            or transport.dataBuffer
            or getattr(transport, "_tempDataBuffer", True)
        )
    )


def silence_access_log() -> None:
    """Stop daphne's own access log. It shows query strings, which contain tickets, and ours has the same lines."""
    if DaphneProtocol is not None:
        AccessLogGenerator.__call__ = _print_nothing


def _print_nothing(self: object, protocol: str, action: str, details: dict[str, Any]) -> None:
    """Stand in for daphne's access log."""
