"""Which store this site uses: Redis where there is one, else the process's own memory."""

from __future__ import annotations

import functools

from django.conf import settings

from presence.local_store import LocalPresence
from presence.redis_store import RedisPresence, RedisReader
from presence.store import PresenceReader, PresenceStore


def open_store() -> PresenceStore:
    """The store for the running event loop, which closes it."""
    ttl, grace = settings.CHAT.presence_ttl, settings.CHAT.presence_grace
    if settings.REDIS_URL:
        return RedisPresence(settings.REDIS_URL, prefix=settings.REDIS_PREFIX, ttl=ttl, grace=grace)
    return _local(ttl, grace)


def get_reader() -> PresenceReader:
    """The store for requests, shared by the threads of the process."""
    if settings.REDIS_URL:
        return _redis_reader(settings.REDIS_URL, settings.REDIS_PREFIX)
    return _local(settings.CHAT.presence_ttl, settings.CHAT.presence_grace)


@functools.cache
def _local(ttl: float, grace: float) -> LocalPresence:
    return LocalPresence(ttl=ttl, grace=grace)


@functools.cache
def _redis_reader(url: str, prefix: str) -> RedisReader:
    return RedisReader(url, prefix=prefix)
