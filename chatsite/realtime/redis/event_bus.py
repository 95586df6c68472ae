"""The bus that carries the hub's events between processes: packed bytes over PUBLISH and SUBSCRIBE.

It belongs to one event loop, and has its own connection: the general methods of a channel layer put each message
into a queue in Redis for each channel, while an event is published once for all processes (decision 17).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from chatsite.realtime.redis.connection import PING_SECONDS, SILENCE_SECONDS, RedisConnection
from chatsite.realtime.redis.server import RedisServer

logger = logging.getLogger(__name__)

# A publish is this byte, the process that sent it (zeros from a process without a hub), and the packed events.
_VERSION: Final = b"\xc1"
_NO_PROCESS: Final = bytes(16)
# Events may have been lost this long before a loss is noticed, because a connection that fell silent counts as up.
_UNNOTICED_SECONDS: Final = SILENCE_SECONDS + PING_SECONDS


class RedisEventBus:
    def __init__(self, server: RedisServer, prefix: str) -> None:
        # Called with the Unix time since which events may have been lost, once they can be received again.
        self.on_restored: list[Callable[[float], None]] = []
        self.on_events: Callable[[str, bytes], None] | None = None
        self._process = uuid4()
        self._prefix = prefix
        self._connection = RedisConnection(server, self)
        self._losses = _losses_channel(prefix).encode()
        self._own_head = _VERSION + self._process.bytes
        self._channel_head = _channel(prefix, "").encode()

    async def connect(self) -> None:
        """Subscribe to the notices of losses. So the bus connects at once, and knows that it is up."""
        await self._connection.subscribe(_losses_channel(self._prefix))

    async def listen(self, group: str) -> None:
        """Subscribe. After this returns, `on_events(group, packed)` gets what other processes publish to the group."""
        await self._connection.subscribe(_channel(self._prefix, group))

    async def unlisten(self, group: str) -> None:
        await self._connection.unsubscribe(_channel(self._prefix, group))

    def publish(self, group: str, packed: bytes) -> None:
        """Publish to the other processes with the next pipeline. This returns at once."""
        self._connection.publisher.publish_soon(_channel(self._prefix, group), self._own_head + packed)

    async def flush(self) -> None:
        """Wait until everything published so far has been sent, or is lost."""
        await self._connection.publisher.published()

    async def close(self) -> None:
        """Unsubscribe from everything and disconnect. The bus can be used again."""
        await self._connection.close()

    @property
    def is_up(self) -> bool:
        return self._connection.is_up

    @property
    def waiting(self) -> int:
        """The number of publishes that wait for their pipeline."""
        return self._connection.publisher.waiting

    # Called by the connection

    def take(self, channel: bytes, data: bytes) -> None:
        # Redis sends a process its own publishes too, but the hub has delivered those already.
        if self.on_events is None or data.startswith(self._own_head) or not data.startswith(_VERSION):
            return
        content = data[len(self._own_head) :]
        try:
            if channel == self._losses:
                self._report_loss(float(content))
            else:
                self.on_events(channel.removeprefix(self._channel_head).decode(), content)
        except Exception:
            logger.exception("events of another process could not be delivered")

    def announce_restored(self, lost_at: float) -> None:
        self._report_loss(lost_at - _UNNOTICED_SECONDS)

    def notice_of_loss(self, since: float) -> tuple[str, bytes]:
        return _losses_channel(self._prefix), self._own_head + _encode_time(since)

    def _report_loss(self, since: float) -> None:
        for callback in self.on_restored:
            callback(since)


def publish_command(prefix: str, group: str, packed: bytes) -> tuple[str, bytes]:
    """Return the arguments of a PUBLISH of events, for a process without an event loop."""
    return _channel(prefix, group), _VERSION + _NO_PROCESS + packed


def loss_command(prefix: str, since: float) -> tuple[str, bytes]:
    """Return the arguments of a PUBLISH that tells every process that events were lost since the Unix time `since`."""
    return _losses_channel(prefix), _VERSION + _NO_PROCESS + _encode_time(since)


def _channel(prefix: str, group: str) -> str:
    return f"{prefix}__group__{group}"


def _losses_channel(prefix: str) -> str:
    """Return the channel of notices that publishes were lost. A release without it is not subscribed."""
    return f"{prefix}__losses"


def _encode_time(moment: float) -> bytes:
    return b"%.3f" % (moment - _UNNOTICED_SECONDS)
