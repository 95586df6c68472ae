"""Writing to daphne's sockets: at once, and with the back-pressure that daphne leaves to the application.

daphne puts every frame into the transport's buffer at once, however slow the reader, so a stalled one would grow the
process without end (daphne#170). The transport, Twisted's, tells a registered producer when its buffer is over 64 KiB
and when it has drained; whoever writes waits for that.
"""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet.tcp import Connection


def write_at_once(transport: Any, data: bytes) -> None:
    """As `transport.write`, but what the kernel takes now goes now.

    Twisted asks epoll first whether it may write, and takes the question back afterwards: two system calls and a turn
    of the event loop more for each frame, a seventh of what a message costs under daphne.
    """
    sent = transport.writeSomeData(data) if _has_nothing_to_send(transport) else 0
    if not isinstance(sent, int):  # the connection is lost, and Twisted is to find out by itself
        sent = 0
    if sent < len(data):
        transport.write(data[sent:])


def _has_nothing_to_send(transport: Any) -> bool:
    """Open, plain, and with nothing in its buffers that would have to go first."""
    return (
        isinstance(transport, Connection)
        and bool(transport.connected)
        and not (
            transport.TLS or transport.disconnecting or transport.dataBuffer or transport._tempDataBuffer
        )
    )


class Valve:
    """A push producer of Twisted's, registered in the place of the HTTP channel that the socket was upgraded from."""

    __slots__ = ("_opening",)

    def __init__(self, transport: Any) -> None:
        self._opening: asyncio.Event | None = None  # None while it is open, as it nearly always is
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    @property
    def is_open(self) -> bool:
        return self._opening is None

    async def wait(self) -> None:
        """Until the transport takes more. Returns for a lost connection too."""
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
