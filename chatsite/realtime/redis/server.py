"""Which Redis the channel layer uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.core.exceptions import ImproperlyConfigured


class RedisServer(msgspec.Struct, frozen=True, eq=False):
    url: str
    options: dict[str, Any] = {}  # further arguments of redis-py's `from_url`


def read_hosts(hosts: Sequence[Any] | None) -> RedisServer:
    """Read the option `hosts` as channels_redis does: URLs, pairs of host and port, or dicts with an `address`."""
    if hosts is None:
        return RedisServer("redis://localhost:6379")
    if isinstance(hosts, str) or len(hosts) != 1:
        raise ImproperlyConfigured("CHANNEL_LAYERS: hosts must be a list of one Redis.")
    (host,) = hosts
    if isinstance(host, str):
        return RedisServer(host)
    if isinstance(host, Mapping) and "address" in host:
        return RedisServer(host["address"], {name: host[name] for name in host if name != "address"})
    if isinstance(host, tuple | list) and len(host) == 2:
        return RedisServer(f"redis://{host[0]}:{host[1]}")
    raise ImproperlyConfigured(
        f"CHANNEL_LAYERS: {host!r} in hosts is neither a URL nor a dict with an address."
    )
