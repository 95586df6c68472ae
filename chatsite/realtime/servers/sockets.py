"""The socket behind an ASGI `send`, with the server's own socket where the server's internals are known."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable
from importlib import import_module
from typing import Any, Final, Protocol, TypeAlias

from django.conf import settings

from chatsite.realtime.servers.shape_check import ServerChanged
from chatsite.realtime.transport import FrameWriter

logger = logging.getLogger(__name__)

Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

PRIVATE_CODE_OFFSET: Final = 2000
SERVERS: Final = ("uvicorn", "daphne")  # each has a module of its name in this package


class ServerSocket(FrameWriter, Protocol):
    """An accepted WebSocket. Writing and closing raise `OSError` or `RuntimeError` once the peer has gone."""

    @property
    def is_gone(self) -> bool:
        """Whether the connection is known to be lost. The `websocket.disconnect` message may still be on its way."""
        ...

    async def close(self, code: int, reason: str) -> None: ...

    def stop_pings(self) -> None:
        """Stop the server's own pings, because the application sends pings itself."""


Finder: TypeAlias = Callable[[object], ServerSocket | None]


class PlainSocket:
    """Plain ASGI messages, for any server."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    @property
    def is_gone(self) -> bool:
        return False

    def write_now(self, frames: Iterable[bytes]) -> bool:
        return False  # `send` is a coroutine, so every frame takes `write`

    async def write(self, frame: bytes) -> None:
        await self._send({"type": "websocket.send", "text": frame.decode()})

    async def close(self, code: int, reason: str) -> None:
        """Close with `code`, or with `code + 2000` where the server refuses a code that RFC 6455 reserves.

        daphne lets applications use 1000 and 3000-4999, and raises a bare `Exception` for all other codes.
        """
        message = {"type": "websocket.close", "code": code, "reason": reason}
        try:
            await self._send(message)
        except (OSError, RuntimeError):
            raise
        except Exception:
            if code >= 3000:
                raise
            await self._send({**message, "code": code + PRIVATE_CODE_OFFSET})

    def stop_pings(self) -> None:
        """ASGI has no pings."""


def server_socket(send: Send) -> ServerSocket:
    """Return the server's own socket, or a `PlainSocket` for an unknown server or a wrapped `send`."""
    finders = _finders()
    for find in finders:
        socket = find(send)
        if socket is not None:
            return socket
    if finders:
        _warn_of_unknown_send()
    return PlainSocket(send)


def _finders() -> list[Finder]:
    """Return a finder for each server that this process has imported until now.

    Some launchers import the application before the server. A server that does not run is not imported, because Twisted
    alone takes a sixth of the time of a start.
    """
    if getattr(settings, "PLAIN_ASGI", False):
        return []
    found = [_finder(name) for name in SERVERS if name in sys.modules]
    return [find for find in found if find is not None]


@functools.cache
def _finder(server: str) -> Finder | None:
    module = import_module(f"chatsite.realtime.servers.{server}")
    try:
        module.check_names()
    except ServerChanged as error:
        logger.warning("Using plain ASGI messages: %s. Delivery is slower; see docs/servers.md.", error)
        return None
    find: Finder = module.find_socket
    return find


@functools.cache
def _warn_of_unknown_send() -> None:
    """Log one warning for the process, because all of its sockets have the same server and middleware."""
    logger.warning(
        "Using plain ASGI messages: a WebSocket's `send` is not the server's own. A middleware has wrapped it, or the "
        "server runs another WebSocket protocol. Delivery is slower; see docs/servers.md."
    )


def check_servers() -> None:
    """Check the server of this process now, so that the warning appears when the process starts."""
    _finders()
