"""The Redis connection with which an event bus publishes.

- Publishes that arrive while a pipeline is running are sent together in the next one.
- A failed pipeline is sent once more, on a new connection, because a proxy or Redis itself may have closed an idle one.
  Some of its events may then arrive twice. Receivers drop the second copy of an event with a `rev`, and every other
  event tells a state, so its second copy changes nothing.
- The other processes cannot notice a publish that never reached Redis. So the next pipeline that succeeds begins with a
  notice of the loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable
from typing import Any, Final

import hiredis
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatsite.observability.metrics import measures
from chatsite.realtime.redis.server import RedisServer

logger = logging.getLogger(__name__)

# Publishes that wait for a stalled Redis. When there are more, all of them are dropped, which counts as a loss.
MOST_WAITING = 50_000
CONFIRM_SECONDS = 3.0
IDLE_SECONDS = 15.0  # after so long without a publish the connection is pinged, so that no proxy closes it
UNREACHABLE: Final = (RedisError, OSError, asyncio.TimeoutError)
NO_RETRY: Final = Retry(NoBackoff(), 0)
_pack_command: Callable[[tuple[Any, ...]], bytes] = hiredis.pack_command  # its stub allows only tuples of one
_PING: Final = _pack_command((b"PING",))

# Returns the channel and the message that tell the other processes since when publishes were lost.
Notice = Callable[[float], tuple[str, bytes]]


class Publisher:
    def __init__(self, server: RedisServer, notice: Notice) -> None:
        self._server = server
        self._notice = notice
        self._connection: Any = None  # a connection of redis-py
        self._used = 0.0
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_since = 0.0
        self._flushing: asyncio.Task[None] | None = None
        self._losses = 0
        self._lost_since: float | None = None  # what the other processes have not been told yet

    @property
    def owes_notice(self) -> bool:
        """Whether publishes were lost, and the other processes do not know it yet."""
        return self._lost_since is not None

    @property
    def waiting(self) -> int:
        """The number of publishes that wait for their pipeline."""
        return len(self._waiting)

    def publish_soon(self, channel: str, message: bytes) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._note_loss("publishes piled up", len(self._waiting), self._waiting_since)
            self._waiting = []
        if not self._waiting:
            self._waiting_since = time.time()
        self._waiting.append((channel, message))
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def published(self) -> None:
        """Wait until everything published so far has been sent, or is lost."""
        if self._flushing is not None:
            await asyncio.wait([self._flushing])

    def maintain(self) -> None:
        """Send a notice that is due, and ping an idle connection. The listener calls this every few seconds."""
        is_idle = self._connection is not None and time.monotonic() - self._used >= IDLE_SECONDS
        if self._flushing is None and (self.owes_notice or is_idle):
            self._flushing = asyncio.get_running_loop().create_task(self._flush(ping=is_idle))

    async def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def _flush(self, *, ping: bool = False) -> None:
        try:
            if ping:
                # A connection that does not answer is closed, and nothing is lost by that.
                with contextlib.suppress(*UNREACHABLE):
                    await self._send([_PING])
            if self.owes_notice and not self._waiting:
                await self._publish([], time.time())
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._publish(batch, self._waiting_since)
        finally:
            self._flushing = None

    async def _publish(self, batch: list[tuple[str, bytes]], since: float) -> None:
        """Publish the batch, whose first message has waited since the time `since`, after a notice that is due."""
        losses = self._losses
        due = [self._notice(self._lost_since)] if self._lost_since is not None else []
        commands = [_pack_command((b"PUBLISH", channel, message)) for channel, message in due + batch]
        try:
            try:
                await self._send(commands)
            except UNREACHABLE:
                await self._send(commands)  # on a new connection
        except UNREACHABLE as error:
            self._note_loss(error, len(batch), since)
            return
        if self._losses == losses:
            self._lost_since = None
        measures.layer_pipelines.add()
        measures.layer_publishes.add(len(commands))

    async def _send(self, commands: list[bytes]) -> None:
        """Send the commands with one write. A pipeline of redis-py takes four times as long for the same."""
        async with asyncio.timeout(CONFIRM_SECONDS):
            if self._connection is None:
                self._connection = await self._connect()
            connection = self._connection
            try:
                await connection.send_packed_command(commands, check_health=False)
                for _ in commands:
                    await connection.read_response(timeout=math.inf)
            except BaseException:
                # Replies may still come, and would be taken for those of the next commands.
                self._connection = None
                await connection.disconnect(nowait=True)
                raise
        self._used = time.monotonic()

    async def _connect(self) -> Any:
        timeouts = {"socket_timeout": CONFIRM_SECONDS, "socket_connect_timeout": CONFIRM_SECONDS}
        options: dict[str, Any] = {**timeouts, **self._server.options, "retry": NO_RETRY}
        pool: Any = aioredis.ConnectionPool.from_url(self._server.url, **options)
        return await pool.get_connection()

    def _note_loss(self, why: object, count: int, since: float) -> None:
        if self._lost_since is None:
            logger.warning("publishes to the other processes were lost: %s", why)
            measures.layer_losses.add()
            self._lost_since = since
        self._losses += 1
        measures.layer_errors.add()
        measures.layer_drops.add(count)
