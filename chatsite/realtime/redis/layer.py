"""The channel layer: channels_redis for messages in general, and an event bus for the hub.

`send`, `receive` and the `group_*` methods are those of channels_redis. A host project uses them for its own consumers.
The chat itself uses only the event bus.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from channels_redis.core import RedisChannelLayer
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from chatsite.realtime.redis.event_bus import RedisEventBus
from chatsite.realtime.redis.server import read_hosts

CONNECT_SECONDS: Final = 3
# `receive` waits for `brpop_timeout` seconds in one command. redis-py would give up on a socket after 5 seconds.
REPLY_SECONDS: Final = RedisChannelLayer.brpop_timeout + 5
# A consumer whose `receive` fails ends, and its socket closes. It should survive a restart of Redis.
RETRIES: Final = 6


class RedisLayer(RedisChannelLayer):  # type: ignore[misc]
    """The `CHANNEL_LAYERS` backend. `CONFIG` takes the options of channels_redis, with one Redis in `hosts`."""

    def __init__(self, hosts: Sequence[Any] | None = None, prefix: str = "asgi", **options: Any) -> None:
        self.server = read_hosts(hosts)
        self.bus_prefix = prefix
        self._buses: dict[asyncio.AbstractEventLoop, RedisEventBus] = {}
        host = {
            "address": self.server.url,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": REPLY_SECONDS,
            "retry": Retry(ExponentialBackoff(cap=2, base=0.05), RETRIES),
            **self.server.options,
        }
        # `flush` deletes all keys with the prefix. Presence and the cache have keys under the bare prefix.
        super().__init__(hosts=[host], prefix=f"{prefix}:layer:", **options)

    def event_bus(self) -> RedisEventBus:
        """Return the bus of the running event loop."""
        loop = asyncio.get_running_loop()
        bus = self._buses.get(loop)
        if bus is None:
            # A closed loop has cancelled the tasks of its bus, which closed the connection.
            self._buses = {known: its for known, its in self._buses.items() if not known.is_closed()}
            bus = self._buses[loop] = RedisEventBus(self.server, self.bus_prefix)
        return bus
