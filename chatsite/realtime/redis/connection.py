"""The Redis connections of an event bus: one listens, and `publisher` has the one that publishes.

- `subscribe` returns after Redis has confirmed, so what is read from the database afterwards misses no event.
- The connection remembers that events were lost, by a broken connection or a silent Redis. Once it is connected and
  subscribed again, it calls `announce_restored`, and the process makes its clients catch up.
- No method raises an error because Redis is away: a process keeps serving its own sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from redis import asyncio as aioredis

from chatsite.observability.metrics import measures
from chatsite.realtime.redis.publisher import CONFIRM_SECONDS, NO_RETRY, UNREACHABLE, Publisher
from chatsite.realtime.redis.server import RedisServer

logger = logging.getLogger(__name__)

PING_SECONDS = 2.0
SILENCE_SECONDS = 6.0  # after so long without a message or a reply to a ping, the connection is dead
TIMEOUTS: Final[dict[str, Any]] = {"socket_timeout": None, "socket_connect_timeout": 3}


class Receiver(Protocol):
    """What a connection calls."""

    def take(self, channel: bytes, data: bytes) -> None:
        """Take what was published to a subscribed channel."""

    def announce_restored(self, lost_at: float) -> None:
        """Redis is back after a loss that was noticed at `lost_at`, and all subscriptions are confirmed."""

    def notice_of_loss(self, since: float) -> tuple[str, bytes]:
        """Return what to publish to tell the other processes that publishes since `since` were lost."""
        ...


class RedisConnection:
    def __init__(self, server: RedisServer, receiver: Receiver) -> None:
        self.publisher = Publisher(server, receiver.notice_of_loss)
        # A Unix time; None if nothing was lost since the last `announce_restored`.
        self._lost_at: float | None = None
        self._server = server
        self._receiver = receiver
        self._lock = asyncio.Lock()  # one command at a time on the connection that listens
        self._redis: aioredis.Redis | None = None
        self._pubsub: Any = None
        self._listening: asyncio.Task[None] | None = None
        self._wanted: set[str] = set()
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._heard = 0.0
        self._is_up = False
        self._ready = asyncio.Event()

    @property
    def is_up(self) -> bool:
        return self._is_up and self._lost_at is None and not self.publisher.owes_notice

    async def subscribe(self, channel: str) -> None:
        self._wanted.add(channel)
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._keep_listening())
        if not self._is_up:
            # The listener subscribes to all wanted channels when it connects. While Redis is away nobody waits for
            # that, because all clients catch up after an outage.
            if self._lost_at is None:
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
        self._wanted.discard(channel)
        if self._is_up:
            await self._tell(self._pubsub.unsubscribe, channel)

    async def _tell(self, command: Callable[[str], Any], channel: str) -> None:
        try:
            async with self._lock:
                await command(channel)
        except UNREACHABLE as error:
            self._note_loss(error)

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except UNREACHABLE as error:
                self._note_loss(error)
            except Exception:
                logger.exception("the listener of the event bus failed and is restarted")
                self._note_loss("the listener failed")
            finally:  # cancelled with its loop, too
                await self._hang_up()
            await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        # RESP2: in RESP3 redis-py takes every message through its handlers of push notifications.
        # No read timeout: a listening connection may be idle. `_read_until_lost` detects a silent Redis.
        self._redis = aioredis.Redis.from_url(
            self._server.url, **{**TIMEOUTS, **self._server.options, "protocol": 2}
        )
        self._pubsub = self._redis.pubsub()
        await self._pubsub.connect()
        # redis-py would reconnect without a notice, but the clients must catch up after a loss.
        self._pubsub.connection.retry = NO_RETRY
        await self._subscribe_to_all()
        self._is_up = True
        self._ready.set()
        measures.layer_connects.add()
        if self._lost_at is not None:
            lost_at, self._lost_at = self._lost_at, None
            self._receiver.announce_restored(lost_at)
        await self._read_until_lost(self._pubsub.connection)

    async def _read_until_lost(self, connection: Any) -> None:
        """Read replies. Raise an error when the connection is lost, Redis is silent, or a command failed."""
        self._heard = time.monotonic()
        reading = asyncio.create_task(self._read(connection))
        try:
            while not (await asyncio.wait([reading], timeout=PING_SECONDS))[0]:
                if self._lost_at is not None:
                    raise ConnectionError(
                        "a subscription may have failed; reconnect, so that the clients catch up"
                    )
                self.publisher.maintain()
                quiet = time.monotonic() - self._heard
                if quiet > SILENCE_SECONDS:
                    raise TimeoutError("Redis is silent")
                if quiet >= PING_SECONDS:
                    async with self._lock:
                        await self._pubsub.ping()
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, connection: Any) -> None:
        while True:
            reply = await connection.read_response(timeout=math.inf, disconnect_on_error=False)
            self._heard = time.monotonic()
            self._take(reply)

    async def _subscribe_to_all(self) -> None:
        """Renew all subscriptions, and wait until Redis has confirmed them."""
        wanted = sorted(self._wanted)
        for start in range(0, len(wanted), 1_000):
            await self._pubsub.subscribe(*wanted[start : start + 1_000])
        await self._pubsub.ping()  # answered after all of them
        deadline = time.monotonic() + SILENCE_SECONDS
        connection = self._pubsub.connection
        while True:
            reply = await connection.read_response(timeout=PING_SECONDS, disconnect_on_error=False)
            if reply is not None and reply[0] == b"pong":
                break
            if reply is not None:
                self._take(reply)
            if time.monotonic() > deadline:
                raise TimeoutError("Redis did not confirm the subscriptions")
        for late in self._wanted.difference(wanted):
            await self._pubsub.subscribe(late)

    def _take(self, reply: list[Any]) -> None:
        """Handle `[b"message", channel, data]`, or the reply to a subscription or a ping."""
        kind = reply[0]
        if kind == b"message":
            self._receiver.take(reply[1], reply[2])
        elif kind == b"subscribe":
            confirmed = self._confirmations.pop(reply[1].decode(), None)
            if confirmed is not None and not confirmed.done():
                confirmed.set_result(None)

    async def _hang_up(self) -> None:
        self._is_up = False
        self._ready.clear()
        for confirmed in self._confirmations.values():
            if not confirmed.done():
                confirmed.set_result(
                    None
                )  # it stays in the wanted set, so the next connection subscribes again
        self._confirmations.clear()
        with contextlib.suppress(*UNREACHABLE):
            await self.publisher.disconnect()
            if self._redis is not None:
                await self._redis.aclose(close_connection_pool=True)
        self._redis = self._pubsub = None

    def _note_loss(self, why: object) -> None:
        if self._lost_at is None:
            logger.warning("the event bus lost Redis: %s", why)
            measures.layer_losses.add()
            self._lost_at = time.time()
        measures.layer_errors.add()

    async def close(self) -> None:
        """Forget all subscriptions and disconnect. The connection can be used again."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening], timeout=CONFIRM_SECONDS)
            self._listening = None
        await self._hang_up()
        self._wanted = set()
