"""Publishing from a process without a hub: a worker, a management command or a WSGI server."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Sequence
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatsite.realtime.redis.event_bus import loss_command
from chatsite.realtime.redis.server import RedisServer

logger = logging.getLogger(__name__)

NOTICE_SECONDS: Final = 1.0  # from one attempt to tell the servers of a loss to the next
_REACH_SECONDS: Final = 3

# Redis may have restarted since the connection was made, or a proxy may have forgotten an idle connection.
_RETRY_ONCE: Final = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError, redis.TimeoutError))


class BlockingPublisher:
    """Keeps its connection, because a command may change thousands of conversations.

    If the answer to a publish is lost, the retry publishes the events twice. Receivers ignore the second copy.
    """

    def __init__(self, server: RedisServer, prefix: str) -> None:
        timeouts = {"socket_timeout": _REACH_SECONDS, "socket_connect_timeout": _REACH_SECONDS}
        self._client = redis.Redis.from_url(
            server.url, **{**timeouts, **server.options, "retry": _RETRY_ONCE}
        )
        self._prefix = prefix
        self._lock = threading.Lock()
        self._lost_since: float | None = None  # what a thread is going to tell the servers

    def publish(self, commands: Sequence[tuple[str, bytes]]) -> None:
        """Publish, or have the servers make their clients catch up as soon as Redis can be reached again."""
        since = time.time()
        try:
            self._send(commands)
        except redis.RedisError as error:
            logger.warning("the events cannot be published: %s", error)
            self._note_loss(since)

    def _send(self, commands: Sequence[tuple[str, bytes]]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for channel, message in commands:
            pipeline.publish(channel, message)
        pipeline.execute()

    def _note_loss(self, since: float) -> None:
        with self._lock:
            if self._lost_since is None:
                self._lost_since = since
                # A command does not wait for Redis before it ends. Its clients then notice the loss by a heartbeat.
                threading.Thread(target=self._tell_servers, name="notice of lost events", daemon=True).start()

    def _tell_servers(self) -> None:
        while True:
            time.sleep(NOTICE_SECONDS)
            with self._lock:  # a loss that is noticed meanwhile starts a thread of its own
                assert self._lost_since is not None
                try:
                    self._send([loss_command(self._prefix, self._lost_since)])
                except redis.RedisError:
                    continue
                self._lost_since = None
                return


@functools.cache
def publisher_of(server: RedisServer, prefix: str) -> BlockingPublisher:
    return BlockingPublisher(server, prefix)
