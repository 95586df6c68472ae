"""Checks of Redis and the channel layer, with a message that really goes through."""

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
from chatsite.doctor.findings import Finding, fail, ok, ok_if, warn
from chatsite.realtime.redis.layer import RedisLayer

OLDEST_VERSION = (6, 2)
SLOW_SECONDS = 0.05
ROUND_TRIP_SECONDS = 3.0
LEAST_PUBSUB_BUFFER = 32 * 1024 * 1024  # Redis' own default
FULL = 0.9  # of maxmemory


def examine() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield ok("redis.reachable", "Redis is not configured, because this site is one process.")
        yield from _round_trip()
        return
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3, retry=Retry(NoBackoff(), 0)
    )
    with client:
        began = time.perf_counter()
        try:
            client.ping()
        except (redis.RedisError, OSError) as error:
            advice = "Check REDIS_URL, the server and the network."
            yield fail("redis.reachable", f"Cannot connect: {error}", advice)
            return
        took = time.perf_counter() - began
        yield ok("redis.reachable", f"Redis connected in {took * 1000:.0f} ms.")
        yield from _server(client)
        yield from _configuration(client)
    yield from _round_trip()


def _server(client: redis.Redis) -> Iterator[Finding]:
    info: Any = client.info()
    version = str(info["redis_version"])
    old = warn("redis.version", f"Redis {version} is old.", "Use Redis 6.2 or newer.")
    numbers = tuple(int(part) for part in version.split(".")[:2])
    yield ok_if(numbers >= OLDEST_VERSION, "redis.version", f"The server is Redis {version}.", old)
    most, used = int(info.get("maxmemory", 0)), int(info["used_memory"])
    limit = f"of {most / 2**20:.0f} MiB" if most else "and has no limit"
    text = f"Redis uses {used / 2**20:.0f} MiB {limit}."
    full = warn("redis.memory", text, "Raise maxmemory. Redis stores presence, tickets and throttles.")
    yield ok_if(not most or used < most * FULL, "redis.memory", text, full)
    if info.get("redis_mode") == "cluster":
        yield _cluster(client)
    before = time.time()
    seconds, microseconds = client.time()
    skew = seconds + microseconds / 1e6 - (before + time.time()) / 2
    yield skew_finding("redis.clock", skew, "The clock of Redis")


def _cluster(client: redis.Redis) -> Finding:
    """Check that a cluster's node has all keys: scripts use several at once, and the clients follow no redirection."""
    name = "redis.cluster"
    try:
        client.exists(*(f"{settings.REDIS_PREFIX}:doctor:{number}" for number in range(3)))
    except redis.ResponseError as error:
        advice = (
            "Use one Redis, with a replica. If it must be a cluster, put REDIS_PREFIX into braces, such as {chat}, and"
            " let REDIS_URL lead to the node that has this slot."
        )
        return fail(name, f"This node of a Redis Cluster cannot keep all keys: {error}", advice)
    return ok(name, "This node of a Redis Cluster has all keys. It does not follow a failover by itself.")


def _configuration(client: redis.Redis) -> Iterator[Finding]:
    try:
        found: Any = client.config_get("maxmemory-policy", "client-output-buffer-limit")
    except redis.ResponseError:
        advice = (
            "Check in your provider's console: maxmemory-policy noeviction, pubsub buffers of 32 MiB or more."
        )
        yield warn("redis.configuration", "This user may not run CONFIG GET.", advice)
        return
    policy = str(found["maxmemory-policy"])
    evicts = warn(
        "redis.eviction",
        f"maxmemory-policy is {policy}.",
        "Set noeviction or a volatile-* policy. If Redis evicts keys, people look offline and throttles are lost.",
    )
    yield ok_if(not policy.startswith("allkeys"), "redis.eviction", f"maxmemory-policy is {policy}.", evicts)
    hard = _pubsub_limit(str(found["client-output-buffer-limit"]))
    text = f"A subscriber may fall {f'{hard / 2**20:.1f} MiB' if hard else 'any number of bytes'} behind."
    small = warn(
        "redis.buffers",
        text,
        "Set client-output-buffer-limit pubsub 64mb 32mb 60. Redis drops a process that falls further behind.",
    )
    yield ok_if(not hard or hard >= LEAST_PUBSUB_BUFFER, "redis.buffers", text, small)


def _pubsub_limit(setting: str) -> int:
    """Return the hard limit from `normal 0 0 0 slave … pubsub 33554432 8388608 60`; 0 means none."""
    words = setting.split()
    return int(words[words.index("pubsub") + 1])


def _round_trip() -> Iterator[Finding]:
    """Send a message through the configured channel layer, and receive it."""
    name = "layer.round_trip"
    try:
        took = asyncio.run(_send_and_receive())
    except TimeoutError:
        advice = (
            "Publishing works, but subscribing does not. Check the ACL (+subscribe, channels) and any proxy."
        )
        yield fail(name, f"A message did not arrive within {ROUND_TRIP_SECONDS:g} s.", advice)
        return
    text = f"A message arrived after {took * 1000:.1f} ms."
    slow = warn(name, text, "Place Redis near the processes, and check its load.")
    yield ok_if(took < SLOW_SECONDS, name, text, slow)


async def _send_and_receive() -> float:
    layer: Any = channel_layers.make_backend("default")  # a new one, for the event loop of this check
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
    """Take the path of real events: one process publishes to a group, and another process is subscribed to it."""
    publisher, listener = here.event_bus(), there.event_bus()
    received: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    group, mark = f"doctor.{uuid4().hex}", uuid4().bytes

    def take(found: str, packed: bytes) -> None:
        if (found, packed) == (group, mark) and not received.done():
            received.set_result(None)

    listener.on_events = take
    try:
        async with asyncio.timeout(ROUND_TRIP_SECONDS):
            await listener.listen(group)
            began = time.perf_counter()
            publisher.publish(group, mark)
            await received
            return time.perf_counter() - began
    finally:
        await publisher.close()
        await listener.close()
