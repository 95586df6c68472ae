"""The cache and the channel layer: in Redis, or in the memory of the one process."""

from __future__ import annotations

from typing import Any


def cache_settings(redis_url: str, prefix: str) -> dict[str, Any]:
    """Return `CACHES`."""
    if not redis_url:
        # Many more entries than the default of 300, so that a flood of logins does not evict the counts of others.
        backend = "django.core.cache.backends.locmem.LocMemCache"
        return {"default": {"BACKEND": backend, "OPTIONS": {"MAX_ENTRIES": 100_000}}}
    return {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": prefix,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
    }


def channel_layer_settings(redis_url: str, prefix: str) -> dict[str, Any]:
    """Return `CHANNEL_LAYERS`."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    backend = "chatsite.realtime.redis.layer.RedisLayer"
    return {"default": {"BACKEND": backend, "CONFIG": {"hosts": [redis_url], "prefix": prefix}}}
