"""Send events from an operation. Every operation uses this module."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from channels.layers import get_channel_layer

from chatsite.database.after_commit import after_commit
from chatsite.realtime.events import pack
from chatsite.realtime.hub import Addressed
from chatsite.realtime.redis.blocking_publisher import publisher_of
from chatsite.realtime.redis.event_bus import publish_command
from chatsite.realtime.redis.layer import RedisLayer
from chatsite.realtime.runtime import running_hub


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
    publisher_of(layer.server, layer.bus_prefix).publish(
        [publish_command(layer.bus_prefix, group, pack([event])) for group, event in addressed]
    )
