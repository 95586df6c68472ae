"""The Redis channel layer: `channels_redis.pubsub` with pipelined publishes and with losses that are noticed.

It is an ordinary channel layer, and has a short way beside it for the events of the hub (`listen`, `publish_events`,
`on_events`): packed bytes from process to process, without channels, queues and message dicts in between. What each
Redis is told, and how its loss is noticed, is in `connection.py`. `on_restored` is called when all subscriptions stand
again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from channels.layers import BaseChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, _wrap_close
from channels_redis.utils import decode_hosts

from chatsite.realtime.redis.connection import EVENTS_MARK, PING_SECONDS, SILENCE_SECONDS, RedisShard

logger = logging.getLogger(__name__)

ORIGIN_BYTES: Final = 16  # follow the mark: who published; zeros from outside of the server processes
NO_ORIGIN: Final = bytes(ORIGIN_BYTES)


_names: Final = BaseChannelLayer()  # its checks of names


def _require_dict(message: object) -> None:
    if not isinstance(message, dict):
        raise TypeError("The message must be a dict.")


class RedisLoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    """The layer of one event loop."""

    def __init__(self, hosts: Any = None, prefix: str = "asgi", **options: Any) -> None:
        super().__init__(hosts=hosts, prefix=prefix, **options)
        self._shards = [RedisShard(host, self) for host in decode_hosts(hosts)]
        self.on_restored: list[Callable[[], None]] = []
        self.on_events: Callable[[str, bytes], None] | None = None
        self._events_head = EVENTS_MARK + uuid4().bytes
        self._group_at = len(self._get_group_channel_name(""))

    # Channels' own API, for the consumers of a host project. The base class takes any name and any message.

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        _names.require_valid_channel_name(channel)
        _require_dict(message)
        await super().send(channel, message)

    async def group_add(self, group: str, channel: str) -> None:
        _names.require_valid_group_name(group)
        _names.require_valid_channel_name(channel)
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        _names.require_valid_group_name(group)
        _names.require_valid_channel_name(channel)
        await super().group_discard(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        _names.require_valid_group_name(group)
        _require_dict(message)
        await super().group_send(group, message)

    # The events of the hub

    async def connect(self) -> None:
        """Listen to a channel of this process alone: so it is connected from its start on, and knows whether it is."""
        channel = f"{self.prefix}__process__{self._events_head[1:].hex()}"
        for shard in self._shards:
            await shard.subscribe(channel)

    async def listen(self, group: str) -> None:
        """From the return on, `on_events(group, packed)` is called with what other processes publish to the group."""
        channel = self._get_group_channel_name(group)
        await self._get_shard(channel).subscribe(channel)

    async def unlisten(self, group: str) -> None:
        channel = self._get_group_channel_name(group)
        await self._get_shard(channel).unsubscribe(channel)

    def publish_events(self, group: str, packed: bytes) -> None:
        """To the other processes that listen to the group. Returns at once; it leaves with the next pipeline."""
        channel = self._get_group_channel_name(group)
        self._get_shard(channel).publish_soon(channel, self._events_head + packed)

    def take_events(self, channel: bytes, data: bytes) -> None:
        """Called by a shard. Redis sends a process its own publishes too; it has handed them out already."""
        if self.on_events is None or data.startswith(self._events_head):
            return
        try:
            self.on_events(channel[self._group_at :].decode(), data[len(self._events_head) :])
        except Exception:
            logger.exception("an event from another process could not be delivered")

    async def published(self) -> None:
        """Wait until what was handed over so far has been sent, or lost."""
        await asyncio.gather(*(shard.published() for shard in self._shards))

    def announce_restored(self) -> None:
        for callback in self.on_restored:
            callback()

    @property
    def lost_since(self) -> float:
        """From this time of the wall clock on (or a little later) events may have been lost, the last time that any
        were."""
        noticed = min((shard.lost_at for shard in self._shards if shard.lost_at), default=0.0)
        return noticed - SILENCE_SECONDS - PING_SECONDS

    @property
    def waiting(self) -> int:
        """How many publishes wait for their pipeline."""
        return sum(len(shard._waiting) for shard in self._shards)

    @property
    def is_up(self) -> bool:
        return all(shard._up and not shard.lost_something for shard in self._shards)


class RedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """The `CHANNEL_LAYERS` backend. `CONFIG`: `hosts` (URLs) and `prefix`, as for channels_redis."""

    def loop_layer(self) -> RedisLoopLayer:
        """The running loop's layer."""
        return self._get_layer()

    def _get_layer(self) -> RedisLoopLayer:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = RedisLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: RedisLoopLayer = self._layers[loop]
        return layer

    def packed_publish(self, group: str, packed: bytes) -> tuple[str, bytes]:
        """Channel and data of a publish of events, for a process without an event loop."""
        return f"{self._kwargs.get('prefix', 'asgi')}__group__{group}", EVENTS_MARK + NO_ORIGIN + packed

    def loop_free_url(self) -> str:
        """The Redis URL, for the same."""
        url: str = decode_hosts(self._kwargs.get("hosts"))[0]["address"]
        return url
