"""The only door through which events leave an operation."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from functools import partial

import redis
from channels.layers import get_channel_layer
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatsite.realtime.events import pack
from chatsite.realtime.hub import Addressed
from chatsite.realtime.redis.layer import RedisLayer
from chatsite.realtime.runtime import running_hub

logger = logging.getLogger(__name__)


def broadcast_on_commit(addressed: Sequence[Addressed]) -> None:
    """Send each event to its group once the current transaction has committed; now, outside of one.

    Callable from any thread and any process. A failure to publish never fails the caller: the change is committed,
    and clients find it by its `rev`.
    """
    if addressed:
        transaction.on_commit(partial(broadcast, addressed), robust=True)


def broadcast(addressed: Sequence[Addressed]) -> None:
    hub = running_hub()
    if hub is not None:
        hub.publish_threadsafe(addressed)
    else:
        _publish_from_outside(addressed)


def _publish_from_outside(addressed: Sequence[Addressed]) -> None:
    """From a management command or a worker, where no hub runs. Without Redis nobody else could be listening."""
    layer = get_channel_layer()
    if not isinstance(layer, RedisLayer):
        return
    try:
        pipeline = _client(layer.loop_free_url()).pipeline(transaction=False)
        for group, event in addressed:
            pipeline.publish(*layer.packed_publish(group, pack([event])))
        pipeline.execute()
    except redis.RedisError as error:
        logger.warning("an event could not be published: %s", error)


# A connection that is kept may be from before a restart of Redis.
_ONCE_ANEW = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))


@functools.cache
def _client(url: str) -> redis.Redis:
    """It keeps its connection: a command may change thousands of conversations one by one. What is published twice,
    because the answer to the first try was lost, says the same again."""
    return redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3, retry=_ONCE_ANEW)
