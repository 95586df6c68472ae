"""The Redis channel layer: `channels_redis.pubsub` with pipelined publishes and with losses that are noticed.

The base layer takes a lock and a round trip per publish, and when Redis goes away what is sent meanwhile is lost
without a word (its `on_disconnect` is never called). Here

- publishes are collected while a pipeline is on its way and go out together in the next one;
- `subscribe` returns after Redis has confirmed, so that what is read from the database afterwards misses nothing;
- a lost connection, a failed publish or silence is remembered, and `on_restored` is called once Redis is back and
  every subscription stands again, so that the process can make its clients catch up;
- nothing raises for want of Redis: a process keeps serving its own sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
    _wrap_close,
)
from channels_redis.utils import create_pool, decode_hosts
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

MOST_WAITING = (
    50_000  # publishes waiting for a stalled Redis; past it they are dropped, and that is remembered
)
CONFIRM_SECONDS = 3.0
PING_SECONDS = 2.0
SILENCE_SECONDS = 6.0  # no message and no answer to a ping for so long: the connection is dead
UNREACHABLE = (RedisError, OSError, asyncio.TimeoutError)


_NO_RETRY = Retry(NoBackoff(), 0)


class RedisShard(RedisSingleShardConnection):  # type: ignore[misc]
    """One Redis: a connection that listens, and pipelines that publish."""

    def __init__(self, host: dict[str, Any], channel_layer: RedisLoopLayer) -> None:
        # No read timeout: a listening connection is idle by nature, and silence is judged in `_listen`.
        super().__init__({"socket_timeout": None, "socket_connect_timeout": 3, **host}, channel_layer)
        self.lost_something = False
        self._redis: aioredis.Redis | None = None
        self._pubsub: Any = None
        self._receive_task: asyncio.Task[None] | None = None
        self._subscribed_to: set[str] = set()
        self._waiting: list[tuple[str, bytes, asyncio.Future[None] | None]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._publisher: aioredis.Redis | None = None
        self._up = False
        self._ready = asyncio.Event()

    # Publishing

    async def publish(self, channel: str, message: bytes) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._enqueue(channel, message, done)
        await done

    def publish_soon(self, channel: str, message: bytes) -> None:
        self._enqueue(channel, message, None)

    def _enqueue(self, channel: str, message: bytes, done: asyncio.Future[None] | None) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._fail(self._waiting)
            self._waiting = []
            self._note_loss("publishes piled up")
        self._waiting.append((channel, message, done))
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush_waiting())

    async def _flush_waiting(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    async with asyncio.timeout(CONFIRM_SECONDS):
                        await self._publish_batch(batch)
                except UNREACHABLE as error:
                    self._note_loss(error)
                self._fail(batch)
        finally:
            self._flushing = None

    async def _publish_batch(self, batch: list[tuple[str, bytes, asyncio.Future[None] | None]]) -> None:
        if self._publisher is None:
            pool = create_pool({**self.host, "socket_timeout": CONFIRM_SECONDS})
            self._publisher = aioredis.Redis(connection_pool=pool)
        pipeline = self._publisher.pipeline(transaction=False)
        for channel, message, _ in batch:
            _ = pipeline.publish(channel, message)
        await pipeline.execute()

    @staticmethod
    def _fail(batch: list[tuple[str, bytes, asyncio.Future[None] | None]]) -> None:
        """Publishing is a hint and never fails its caller; the loss itself is remembered."""
        for _, _, done in batch:
            if done is not None and not done.done():
                done.set_result(None)

    # Listening

    async def subscribe(self, channel: str) -> None:
        self._subscribed_to.add(channel)
        self._ensure_receiver()
        if not self._up:
            # The listener subscribes to everything wanted as soon as it is connected. While Redis is away nobody
            # waits for it: after an outage everybody catches up.
            if not self.lost_something:
                with contextlib.suppress(asyncio.TimeoutError):
                    async with asyncio.timeout(CONFIRM_SECONDS):
                        await self._ready.wait()
            return
        confirmed = self._confirmations.get(channel)
        if confirmed is None:
            confirmed = self._confirmations[channel] = asyncio.get_running_loop().create_future()
            await self._tell(self._pubsub.subscribe, channel)
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await asyncio.shield(confirmed)
        except TimeoutError:
            self._note_loss("no confirmation of a subscription")

    async def unsubscribe(self, channel: str) -> None:
        self._subscribed_to.discard(channel)
        if self._up:
            await self._tell(self._pubsub.unsubscribe, channel)

    async def _tell(self, command: Callable[[str], Any], channel: str) -> None:
        try:
            async with self._lock:
                await command(channel)
        except UNREACHABLE as error:
            self._note_loss(error)

    async def _do_receiving(self) -> None:
        while True:
            try:
                await self._listen()
            except UNREACHABLE as error:
                self._note_loss(error)
            except Exception:
                logger.exception("the listener of the channel layer failed and starts anew")
                self.lost_something = True
            await self._hang_up()
            await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        self._redis = aioredis.Redis(connection_pool=create_pool({**self.host}))
        self._pubsub = self._redis.pubsub()
        await self._pubsub.connect()
        # redis-py would reconnect by itself and keep silent about it; a loss must be seen here.
        self._pubsub.connection.retry = _NO_RETRY
        await self._subscribe_to_all()
        self._up = True
        self._ready.set()
        if self.lost_something:
            self.lost_something = False
            self.channel_layer.announce_restored()
        heard = time.monotonic()
        while True:
            message = await self._pubsub.get_message(timeout=PING_SECONDS)
            if message is not None:
                heard = time.monotonic()
                self._take(message)
            elif time.monotonic() - heard > SILENCE_SECONDS:
                raise TimeoutError("Redis is silent")
            else:
                async with self._lock:
                    await self._pubsub.ping()
            if self.lost_something:
                raise ConnectionError("a publish was lost; listen anew, then catch up")

    async def _subscribe_to_all(self) -> None:
        """Every subscription again, confirmed, before anybody is told that Redis is back."""
        wanted = sorted(self._subscribed_to)
        for start in range(0, len(wanted), 1_000):
            await self._pubsub.subscribe(*wanted[start : start + 1_000])
        await self._pubsub.ping()  # answered after all of them
        deadline = time.monotonic() + SILENCE_SECONDS
        while True:
            message = await self._pubsub.get_message(timeout=PING_SECONDS)
            if message is not None and message["type"] == "pong":
                break
            if message is not None:
                self._take(message)
            if time.monotonic() > deadline:
                raise TimeoutError("Redis did not confirm the subscriptions")
        for late in self._subscribed_to.difference(wanted):
            await self._pubsub.subscribe(late)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "message":
            self._receive_message(message)
        elif message["type"] == "subscribe":
            confirmed = self._confirmations.pop(message["channel"].decode(), None)
            if confirmed is not None and not confirmed.done():
                confirmed.set_result(None)

    async def _hang_up(self) -> None:
        self._up = False
        self._ready.clear()
        for confirmed in self._confirmations.values():
            if not confirmed.done():
                confirmed.set_result(None)  # it is in the wanted set, and made good with the next connection
        self._confirmations.clear()
        for client in (self._redis, self._publisher):
            if client is not None:
                with contextlib.suppress(*UNREACHABLE):
                    await client.aclose(close_connection_pool=True)
        self._redis = self._publisher = self._pubsub = None

    def _note_loss(self, why: object) -> None:
        if not self.lost_something:
            logger.warning("the channel layer lost Redis: %s", why)
        self.lost_something = True

    async def flush(self) -> None:
        if self._receive_task is not None:
            self._receive_task.cancel()
            await asyncio.wait([self._receive_task], timeout=CONFIRM_SECONDS)
            self._receive_task = None
        await self._hang_up()
        self._subscribed_to = set()


class RedisLoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    """The layer of one event loop."""

    def __init__(self, hosts: Any = None, prefix: str = "asgi", **options: Any) -> None:
        super().__init__(hosts=hosts, prefix=prefix, **options)
        self._shards = [RedisShard(host, self) for host in decode_hosts(hosts)]
        self.on_restored: list[Callable[[], None]] = []

    def group_send_soon(self, group: str, message: dict[str, Any]) -> None:
        """`group_send` that returns at once; the message leaves with the next pipeline."""
        channel = self._get_group_channel_name(group)
        self._get_shard(channel).publish_soon(channel, self.channel_layer.serialize(message))

    def announce_restored(self) -> None:
        for callback in self.on_restored:
            callback()

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

    def group_channel(self, group: str) -> str:
        """The Redis channel of a group, for a process without an event loop that publishes into it."""
        return f"{self._kwargs.get('prefix', 'asgi')}__group__{group}"

    def loop_free_url(self) -> str:
        """The Redis URL, for the same."""
        url: str = decode_hosts(self._kwargs.get("hosts"))[0]["address"]
        return url
