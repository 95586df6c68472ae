"""Redis and the channel layer: reachable, roomy, and a message really goes through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import redis
from channels.layers import channel_layers
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatsite.doctor.database import skew_finding
from chatsite.doctor.findings import Finding, fail, judged, ok, warn
from chatsite.realtime.redis.layer import RedisLayer

OLDEST = (6, 2)
SLOW_SECONDS = 0.05
ROUND_TRIP_SECONDS = 3.0
LEAST_PUBSUB_BUFFER = 32 * 1024 * 1024  # Redis' own default
FULL = 0.9
UNREACHABLE = (redis.RedisError, OSError)


def examine() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield ok("redis.reachable", "not configured: this site is one process")
        yield from _round_trip()
        return
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3, retry=Retry(NoBackoff(), 0)
    )
    with client:
        began = time.perf_counter()
        try:
            client.ping()
        except UNREACHABLE as error:
            yield fail(
                "redis.reachable",
                f"cannot connect: {error}",
                "Check REDIS_URL, the server and the way to it.",
            )
            return
        took = time.perf_counter() - began
        yield ok("redis.reachable", f"connected in {took * 1000:.0f} ms")
        yield from _server(client)
        yield from _configuration(client)
    yield from _round_trip()


def _server(client: redis.Redis) -> Iterator[Finding]:
    info: Any = client.info()
    version = str(info["redis_version"])
    old = warn("redis.version", f"Redis {version} is old", "Use Redis 6.2 or newer.")
    numbers = tuple(int(part) for part in version.split(".")[:2])
    yield judged("redis.version", numbers >= OLDEST, f"Redis {version}", old)
    most, used = int(info.get("maxmemory", 0)), int(info["used_memory"])
    text = f"{used / 2**20:.0f} MiB used of {f'{most / 2**20:.0f} MiB' if most else 'no limit'}"
    full = warn("redis.memory", text, "Raise maxmemory: presence, tickets and throttles live there.")
    yield judged("redis.memory", not most or used < most * FULL, text, full)
    before = time.time()
    seconds, microseconds = client.time()
    skew = seconds + microseconds / 1e6 - (before + time.time()) / 2
    yield skew_finding("redis.clock", skew, "Redis'")


def _configuration(client: redis.Redis) -> Iterator[Finding]:
    try:
        found: Any = client.config_get("maxmemory-policy", "client-output-buffer-limit")
    except redis.ResponseError:
        advice = (
            "Look in your provider's console: maxmemory-policy noeviction, pubsub buffers of 32 MiB or more."
        )
        yield warn("redis.configuration", "CONFIG GET is not allowed here", advice)
        return
    policy = str(found["maxmemory-policy"])
    evicts = warn(
        "redis.eviction",
        f"maxmemory-policy is {policy}",
        "Set noeviction (or a volatile-* policy): evicting any key makes people look offline and forgets throttles.",
    )
    yield judged("redis.eviction", not policy.startswith("allkeys"), f"maxmemory-policy {policy}", evicts)
    hard = _pubsub_limit(str(found["client-output-buffer-limit"]))
    small = warn(
        "redis.buffers",
        f"a listener may fall {hard / 2**20:.1f} MiB behind before Redis drops it",
        "Set client-output-buffer-limit pubsub 64mb 32mb 60: a dropped process makes its clients catch up.",
    )
    text = f"a listener may fall {f'{hard / 2**20:.0f} MiB' if hard else 'any distance'} behind"
    yield judged("redis.buffers", not hard or hard >= LEAST_PUBSUB_BUFFER, text, small)


def _pubsub_limit(setting: str) -> int:
    """The hard limit of `normal 0 0 0 slave … pubsub 33554432 8388608 60`; 0: none."""
    words = setting.split()
    return int(words[words.index("pubsub") + 1])


def _round_trip() -> Iterator[Finding]:
    """A message through the configured channel layer, from publishing to receiving."""
    name = "layer.round_trip"
    try:
        took = asyncio.run(_send_and_receive())
    except TimeoutError:
        advice = "Publishing works, hearing does not: check ACLs (+subscribe, channels), proxies that lack pub/sub."
        yield fail(name, f"a message did not come back within {ROUND_TRIP_SECONDS:g} s", advice)
        return
    slow = warn(
        name, f"a message took {took * 1000:.0f} ms", "Put Redis near the processes; look at its load."
    )
    yield judged(name, took < SLOW_SECONDS, f"a message came back in {took * 1000:.1f} ms", slow)


async def _send_and_receive() -> float:
    layer: Any = channel_layers.make_backend("default")  # of this event loop, not the process's own
    if isinstance(layer, RedisLayer):
        return await _publish_between(
            layer, RedisLayer(**settings.CHANNEL_LAYERS["default"].get("CONFIG", {}))
        )
    channel, group = await layer.new_channel("doctor."), f"doctor.{uuid4().hex}"
    try:
        async with asyncio.timeout(ROUND_TRIP_SECONDS):
            await layer.group_add(group, channel)
            began = time.perf_counter()
            await layer.group_send(group, {"type": "doctor", "mark": group})
            while (await layer.receive(channel)).get("mark") != group:
                continue
            return time.perf_counter() - began
    finally:
        await layer.flush()


async def _publish_between(here: RedisLayer, there: RedisLayer) -> float:
    """As the events of messages go: a process publishes to a group, and another process listens to it."""
    publisher, listener = here.loop_layer(), there.loop_layer()
    heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    group, mark = f"doctor.{uuid4().hex}", uuid4().bytes

    def take(found: str, packed: bytes) -> None:
        if (found, packed) == (group, mark) and not heard.done():
            heard.set_result(None)

    listener.on_events = take
    try:
        async with asyncio.timeout(ROUND_TRIP_SECONDS):
            await listener.listen(group)
            began = time.perf_counter()
            publisher.publish_events(group, mark)
            await heard
            return time.perf_counter() - began
    finally:
        await publisher.flush()
        await listener.flush()
