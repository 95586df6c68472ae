"""uvicorn: close connections that do not send the head of a request in time.

uvicorn waits without limit for the first byte of a connection and for the end of a request's head. Here both together
may take `CHAT.head_seconds`. Bodies have a limit of their own, on every server (`chatsite.http.request_time`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from chatsite.realtime.servers.shape_check import ServerChanged, require

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:  # a later release has moved it; `limit_request_heads` says so
    HttpToolsProtocol = None  # type: ignore[assignment,misc]

logger = logging.getLogger(__name__)

NAMES: Final = ("connection_made", "data_received", "on_headers_complete", "connection_lost")


def limit_request_heads(seconds: float) -> None:
    """Change uvicorn's HTTP protocol so that its connections send each request's head within `seconds`."""
    try:
        if HttpToolsProtocol is None:
            raise ServerChanged("uvicorn has no httptools protocol")
        require(HttpToolsProtocol, NAMES)
    except ServerChanged as error:
        logger.warning("uvicorn waits without limit for request heads: %s; see docs/servers.md.", error)
    else:
        _Deadlines(seconds).watch(HttpToolsProtocol)


class _Deadlines:
    """A timer for each connection that owes a request's head."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timers: dict[Any, asyncio.TimerHandle] = {}

    def watch(self, protocol_class: Any) -> None:
        connection_made, data_received = protocol_class.connection_made, protocol_class.data_received
        on_headers_complete, connection_lost = (
            protocol_class.on_headers_complete,
            protocol_class.connection_lost,
        )

        def connection_made_with_deadline(protocol: Any, transport: Any) -> None:
            connection_made(protocol, transport)
            self._start(protocol)

        def data_received_with_deadline(protocol: Any, data: bytes) -> None:
            is_between_requests = protocol.cycle is None or protocol.cycle.response_complete
            if is_between_requests and protocol not in self._timers:
                self._start(protocol)
            data_received(protocol, data)

        def on_headers_complete_in_time(protocol: Any) -> None:
            self._stop(protocol)
            on_headers_complete(protocol)

        def connection_lost_without_deadline(protocol: Any, error: Exception | None) -> None:
            self._stop(protocol)
            connection_lost(protocol, error)

        protocol_class.connection_made = connection_made_with_deadline
        protocol_class.data_received = data_received_with_deadline
        protocol_class.on_headers_complete = on_headers_complete_in_time
        protocol_class.connection_lost = connection_lost_without_deadline

    def _start(self, protocol: Any) -> None:
        self._timers[protocol] = protocol.loop.call_later(self._seconds, self._expire, protocol)

    def _stop(self, protocol: Any) -> None:
        timer = self._timers.pop(protocol, None)
        if timer is not None:
            timer.cancel()

    def _expire(self, protocol: Any) -> None:
        del self._timers[protocol]
        protocol.transport.abort()
