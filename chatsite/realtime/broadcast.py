"""Send events from an operation. Every operation uses this module."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis
from channels.layers import get_channel_layer
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatsite.database.after_commit import after_commit
from chatsite.realtime.events import pack
from chatsite.realtime.hub import Addressed
from chatsite.realtime.redis.event_bus import publish_command
from chatsite.realtime.redis.layer import RedisLayer
from chatsite.realtime.redis.server import RedisServer
from chatsite.realtime.runtime import running_hub

logger = logging.getLogger(__name__)


def broadcast_on_commit(addressed: Sequence[Addressed]) -> None:
    """Send each event to its group after the current transaction commits. Without a transaction, send it now.

    Any thread and any process may call this. An error while publishing does not reach the caller: the change is
    committed, and clients notice it by its `rev`.
    """
    if addressed:
        after_commit(broadcast, addressed)


_thread = threading.local()  # `collected`: the list of the thread's block, or missing


@contextmanager
def collect_broadcasts(into: list[Addressed]) -> Iterator[None]:
    """Append what this thread sends in the block to a list. The caller publishes it in the event loop of the hub."""
    _thread.collected = into
    try:
        yield
    finally:
        del _thread.collected


def broadcast(addressed: Sequence[Addressed]) -> None:
    collected: list[Addressed] | None = getattr(_thread, "collected", None)
    if collected is not None:
        collected += addressed
        return
    hub = running_hub()
    if hub is not None:
        hub.publish_threadsafe(addressed)
    else:
        _publish_from_outside(addressed)


def _publish_from_outside(addressed: Sequence[Addressed]) -> None:
    """Publish from a management command or a worker, which has no hub. Without Redis there are no other processes."""
    layer = get_channel_layer()
    if not isinstance(layer, RedisLayer):
        return
    try:
        pipeline = _client(layer.server).pipeline(transaction=False)
        for group, event in addressed:
            pipeline.publish(*publish_command(layer.bus_prefix, group, pack([event])))
        pipeline.execute()
    except redis.RedisError as error:
        logger.warning("the events cannot be published: %s", error)


# Redis may have restarted since the connection was made.
_RETRY_ONCE = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))


@functools.cache
def _client(server: RedisServer) -> redis.Redis:
    """Return a client that keeps its connection, because a command may change thousands of conversations.

    If the answer to a publish is lost, the retry publishes the events twice. Receivers ignore the second copy.
    """
    options = {"socket_timeout": 3, "socket_connect_timeout": 3, **server.options}
    return redis.Redis.from_url(server.url, retry=_RETRY_ONCE, **options)
