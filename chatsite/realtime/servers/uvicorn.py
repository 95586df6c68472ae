"""uvicorn: write many frames with one system call, and drop peers that do not read.

An ASGI `send` takes one message, and uvicorn builds a frame and makes a system call for each: half of what it costs to
deliver a message (docs/decisions/0012-server-internals.md). uvicorn binds its protocol object to `send`, so a queue of
frames can be written to the transport at once.

uvicorn waits without limit for a peer that has stopped reading: both `send` and the end of a close wait until the
transport's buffer is empty. Here a write that waits longer than STALL_SECONDS aborts the connection, and so does a
close that is not over after CLOSE_SECONDS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from chatsite.realtime.servers.frames import encode_text_frames
from chatsite.realtime.servers.shape_check import ServerChanged, require

try:
    from uvicorn import Config
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    from uvicorn.server import ServerState
except ImportError:  # a later release has moved them; `check_names` says so
    WebSocketsSansIOProtocol = None  # type: ignore[assignment,misc]

STALL_SECONDS: Final = 45.0
CLOSE_SECONDS: Final = 10.0

# Methods and attributes of the protocol object that are used here.
NAMES: Final = (
    "close_sent",
    "disconnected",
    "handshake_complete",
    "ping_interval",
    "send",
    "stop_keepalive",
    "transport",
    "writable",
)


def check_names() -> None:
    """Raise `ServerChanged` if the installed uvicorn lacks a name that this module uses."""
    if WebSocketsSansIOProtocol is None:
        raise ServerChanged("uvicorn has no websockets-sansio protocol")
    try:
        loop = asyncio.new_event_loop()
        try:
            protocol = WebSocketsSansIOProtocol(Config(_nothing, log_config=None), ServerState(), {}, loop)
        finally:
            loop.close()
    except TypeError as error:
        raise ServerChanged(f"uvicorn's WebSocket protocol has other arguments: {error}") from error
    require(protocol, NAMES)
    require(protocol.writable, ("is_set", "wait"))


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """Stand in for an application."""


def find_socket(send: object) -> UvicornSocket | None:
    """Return the socket that uvicorn bound to `send`, if uvicorn made `send`."""
    protocol = getattr(send, "__self__", None)
    return UvicornSocket(protocol) if isinstance(protocol, WebSocketsSansIOProtocol) else None


class UvicornSocket:
    __slots__ = ("_protocol",)

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol

    @property
    def is_gone(self) -> bool:
        return bool(self._protocol.disconnected)

    def write_now(self, frames: Iterable[bytes]) -> bool:
        protocol = self._protocol
        if not protocol.writable.is_set() or protocol.close_sent or not protocol.handshake_complete:
            return False
        protocol.transport.write(encode_text_frames(frames))
        return True

    async def write(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._protocol.send({"type": "websocket.send", "text": frame.decode(), "bytes": None})
        except TimeoutError:
            self._abort()
            raise

    async def close(self, code: int, reason: str) -> None:
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._abort)
        await self._protocol.send({"type": "websocket.close", "code": code, "reason": reason})

    def stop_pings(self) -> None:
        self._protocol.ping_interval = None
        self._protocol.stop_keepalive()

    def _abort(self) -> None:
        if not self._protocol.disconnected:
            self._protocol.transport.abort()
