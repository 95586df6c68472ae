"""What works with a Redis Cluster: events through any node, and everything else on one node."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.test import override_settings
from pytest_django import Settings

from chatsite.config.broker import cache_settings
from chatsite.doctor import broker
from chatsite.doctor.findings import Finding
from chatsite.realtime.redis.event_bus import RedisEventBus
from chatsite.realtime.redis.rate_limits import Reporter
from chatsite.realtime.redis.server import RedisServer
from chatsite.realtime.user_limit import UserBuckets
from presence.redis_store import RedisPresence, RedisReader
from presence.store import Connection
from tests.harness.patience import patience
from tests.harness.redis_cluster import RedisCluster
from tests.harness.services import ServiceMissing

pytestmark = pytest.mark.standalone

PREFIX = "{chat}"  # all keys are in the slot of "chat"


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    try:
        with RedisCluster() as nodes:
            yield nodes
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on Redis Cluster: {missing}")


async def test_events_go_through_any_node(cluster: RedisCluster) -> None:
    groups = [f"conversation.{number}" for number in range(20)]
    received: set[str] = set()
    complete = asyncio.Event()

    def take(group: str, packed: bytes) -> None:
        received.add(group)
        if len(received) == len(groups):
            complete.set()

    publisher, listener = (RedisEventBus(RedisServer(cluster.nodes[at].url), "chat") for at in (0, 1))
    listener.on_events = take
    try:
        for group in groups:
            await listener.listen(group)
        for group in groups:
            publisher.publish(group, b"events")
        await asyncio.wait_for(complete.wait(), patience(10))
    finally:
        await publisher.close()
        await listener.close()


async def test_presence_and_limits_need_a_hash_tag_and_the_owner(cluster: RedisCluster) -> None:
    url = cluster.owner(PREFIX).url
    store = RedisPresence(url, prefix=PREFIX, ttl=30, grace=10)
    try:
        await store.sync(present=[Connection("1", "a"), Connection("2", "b")], gone=[])
    finally:
        await store.close()
    assert RedisReader(url, prefix=PREFIX).online(["1", "2", "3"]) == {"1", "2"}
    buckets = UserBuckets(rate=1, burst=10)
    for user_id in ("1", "2", "3"):
        buckets.take(user_id)
    await Reporter(buckets, url, PREFIX).report()
    assert not buckets.collect()


def test_the_cache_needs_them_too(cluster: RedisCluster) -> None:
    with override_settings(CACHES=cache_settings(cluster.owner(PREFIX).url, PREFIX)):
        caches["default"].set_many({"a": 1, "b": 2, "c": 3})
        assert caches["default"].get_many(["a", "b", "c"]) == {"a": 1, "b": 2, "c": 3}


def of_cluster(settings: Settings, url: str, prefix: str) -> Finding:
    settings.REDIS_URL, settings.REDIS_PREFIX = url, prefix
    return next(finding for finding in broker.examine() if finding.check == "redis.cluster")


def test_the_doctor_says_which_node_and_prefix_to_use(cluster: RedisCluster, settings: Settings) -> None:
    owner = cluster.owner(PREFIX)
    other = next(node for node in cluster.nodes if node is not owner)
    assert of_cluster(settings, owner.url, PREFIX).level == "ok"
    assert of_cluster(settings, other.url, PREFIX).level == "fail"
    assert of_cluster(settings, owner.url, "chat").level == "fail"
