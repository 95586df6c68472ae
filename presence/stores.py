"""Choose the presence store of the site: Redis if there is one, otherwise the memory of the process."""

from __future__ import annotations

import functools

from django.conf import settings

from presence.local_store import LocalPresence
from presence.redis_store import RedisPresence, RedisReader
from presence.store import PresenceReader, PresenceStore


def open_store() -> PresenceStore:
    """Open a store for the running event loop. The caller closes it."""
    ttl, grace = settings.CHAT.presence_ttl, settings.CHAT.presence_grace
    if settings.REDIS_URL:
        return RedisPresence(settings.REDIS_URL, prefix=settings.REDIS_PREFIX, ttl=ttl, grace=grace)
    return _local(ttl, grace)


def get_reader() -> PresenceReader:
    """Return the reader that the threads of the process share."""
    if settings.REDIS_URL:
        return _redis_reader(settings.REDIS_URL, settings.REDIS_PREFIX)
    return _local(settings.CHAT.presence_ttl, settings.CHAT.presence_grace)


@functools.cache
def _local(ttl: float, grace: float) -> LocalPresence:
    return LocalPresence(ttl=ttl, grace=grace)


@functools.cache
def _redis_reader(url: str, prefix: str) -> RedisReader:
    return RedisReader(url, prefix=prefix)
