"""Frames straight to the server's socket, many in one write.

ASGI's `send` takes one message at a time, and each costs the server's frame building and a system call of its own: half
of what a delivered message costs. Both servers that we support bind their connection to `send`, so there a whole queue
of frames is written at once, as RFC 6455 has them: unmasked, final, never compressed (which permessage-deflate allows
for any message). With any other server, or a middleware around `send`, `direct_socket` is None and `send` is used.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, MutableMapping
from typing import Any, Final, Protocol

from autobahn.websocket.protocol import WebSocketProtocol as AutobahnProtocol
from autobahn.websocket.protocol import WebSocketServerProtocol as AutobahnServerProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chatsite.realtime.daphne import Valve, write_at_once
from chatsite.realtime.queues import OneReaderQueue, ShortDeque, shorten, shorten_event


class DirectSocket(Protocol):
    def write_now(self, frames: Iterable[bytes]) -> bool:
        """Write the texts (UTF-8) as one frame each. False: the socket takes nothing now, and nothing was written."""

    async def until_writable(self) -> None:
        """Wait for a slow reader; returns for one that has gone, too."""

    @property
    def is_gone(self) -> bool:
        """Whether the connection is lost, which its reader may not have been told yet."""

    def forget_handshake(self) -> None:
        """Let go what an accepted connection needs no more. Only its reader may call this, between two messages."""


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

    def forget_handshake(self) -> None:
        protocol = self._protocol
        for handshake in (protocol.request, protocol.response):
            handshake.headers.clear()  # the parser holds on to the request itself
        queue = OneReaderQueue()
        while not protocol.queue.empty():
            queue.put_nowait(protocol.queue.get_nowait())
        protocol.queue = queue  # type: ignore[assignment]  # has all that uvicorn calls
        if protocol.writable.is_set():  # otherwise somebody may be waiting
            shorten_event(protocol.writable)
        _slim(protocol, _OF_UVICORNS_SERVER)


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

    def forget_handshake(self) -> None:
        protocol = self._protocol
        protocol.http_headers.clear()  # its request shows the same ones
        for name in _OF_DAPHNES_HANDSHAKE:
            setattr(protocol, name, None)
        shorten(protocol.application_queue)  # its reader is who calls this
        protocol.send_queue = ShortDeque(protocol.send_queue)
        _slim(protocol, _OF_DAPHNES_SERVER)

    def _opened_valve(self) -> Valve:
        """Made with the first frame, when the connection is no longer HTTP's."""
        if self._valve is None:
            self._valve = Valve(self._protocol.transport)
        return self._valve


# What is asked of a socket's scope as long as it lives: by our access log, or by an application put around ours.
_LASTING = ("type", "path", "root_path", "client", "headers")


def forget_scope(scope: MutableMapping[str, Any]) -> None:
    """Let go what an accepted connection needs no more of its scope; the list of headers stays, empty."""
    if isinstance(scope["headers"], list):
        scope["headers"].clear()  # the server's own list, which its scope shows too
    lasting = {name: scope[name] for name in _LASTING if name in scope}
    scope.clear()
    scope.update(lasting)


# What each of a server's connections is told of it.
_OF_DAPHNES_SERVER: Final = frozenset((*AutobahnServerProtocol.CONFIG_ATTRS, "server"))
_OF_UVICORNS_SERVER: Final = frozenset(
    (
        "config",
        "app",
        "loop",
        "logger",
        "root_path",
        "asgi_version",
        "app_state",
        "connections",
        "tasks",
        "default_headers",
        "scheme",
        "close_timeout",
        "ping_interval",
        "ping_timeout",
    )
)
# What autobahn and daphne keep of a handshake, and read no more.
_OF_DAPHNES_HANDSHAKE: Final = (
    "_raw_query_string",
    "_transport_details",
    "_wskey",
    "clean_headers",
    "http_headers",
    "http_request_data",
    "http_request_host",
    "http_request_params",
    "http_request_path",
    "http_request_uri",
    "http_response_data",
    "http_status_line",
    "root_path",
    "server_addr",
    "websocket_extensions",
    "websocket_extensions_in_use",
    "websocket_origin",
    "websocket_protocols",
)
_MISSING: Final = object()


def _slim(protocol: Any, of_the_server: frozenset[str]) -> None:
    """Let the class say what all of a server's connections say alike, and keep the rest in a table of its size.

    A connection of uvicorn's has 40 attributes, one of daphne's 90. Most are the server's options, or None, False and
    small numbers; and a table that has grown attribute by attribute has room for twice as many. What is set again later
    is the connection's own again.
    """
    kind = type(protocol)
    own: dict[str, Any] = {}
    for name, value in protocol.__dict__.items():
        if value is None or isinstance(value, int) or name in of_the_server:
            shared = getattr(kind, name, _MISSING)
            if shared is _MISSING and not hasattr(value, "__get__"):  # a function would become a method
                setattr(kind, name, value)
                shared = value
            if shared is value:
                continue
        own[name] = value
    protocol.__dict__ = own


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
