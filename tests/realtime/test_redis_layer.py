"""The Redis channel layer and the hub on it, against a private Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from operator import eq
from typing import Any

import pytest
import redis as client
from channels.layers import channel_layers, get_channel_layer
from pytest_django import Settings

from chatsite.realtime.broadcast import _publish_from_outside
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed, Hub
from chatsite.realtime.redis.event_bus import RedisEventBus
from chatsite.realtime.redis.publisher import Publisher
from tests.harness.patience import patience
from tests.harness.services import Redis

pytestmark = pytest.mark.standalone


class Listener:
    def __init__(self, user_id: str = "1") -> None:
        self.user_id = user_id
        self.heard: list[str] = []

    def deliver(self, event: Event) -> None:
        self.heard.append(event.name)


@pytest.fixture
async def layer(redis: Redis, settings: Settings) -> AsyncIterator[RedisEventBus]:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chatsite.realtime.redis.layer.RedisLayer",
            "CONFIG": {"hosts": [redis.url], "prefix": "test"},
        }
    }
    found: Any = get_channel_layer()
    yield found.event_bus()
    await found.event_bus().close()


@pytest.fixture
async def hub(layer: RedisEventBus) -> AsyncIterator[Hub]:
    hub = Hub()
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
async def other_process(layer: RedisEventBus, redis: Redis) -> AsyncIterator[Hub]:
    """A hub with its own connections, as another server process has them."""
    hub = Hub()
    elsewhere: Any = channel_layers.make_backend("default")
    hub._bus = elsewhere.event_bus()
    await hub.start()
    yield hub
    await elsewhere.event_bus().close()


async def from_another_process(*addressed: Addressed) -> None:
    await asyncio.to_thread(_publish_from_outside, addressed)


async def until(condition: Callable[[], bool], within: float = 10) -> None:
    deadline = time.monotonic() + patience(within)
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.01)


async def test_events_after_a_confirmed_subscription_arrive(hub: Hub) -> None:
    for number in range(20):
        listener = Listener()
        await hub.subscribe(f"room{number}", listener)
        await from_another_process((f"room{number}", Event.of("news", 1)))
        await until(partial(eq, listener.heard, ["news"]))


async def test_a_process_without_a_hub_keeps_its_connection(hub: Hub, redis: Redis) -> None:
    listener = Listener()
    await hub.subscribe("room", listener)
    await from_another_process(("room", Event.of("first", 1)))
    with client.Redis.from_url(redis.url) as connection:
        before = connection.info("stats")["total_connections_received"]
        for number in range(10):
            await from_another_process(("room", Event.of(f"n{number}", 1)))
        assert connection.info("stats")["total_connections_received"] == before
        connection.client_kill_filter(_type="normal", skipme=True)
    await from_another_process(("room", Event.of("after its connection was lost", 1)))
    expected = ["first", *(f"n{number}" for number in range(10)), "after its connection was lost"]
    await until(lambda: listener.heard == expected)


async def test_a_group_has_its_own_events_and_no_others(hub: Hub) -> None:
    mine, other, excluded = Listener(), Listener(), Listener("2")
    await asyncio.gather(hub.subscribe("a", mine), hub.subscribe("b", other), hub.subscribe("a", excluded))
    await from_another_process(("a", Event.of("one", 1, exclude_user="2")), ("b", Event.of("two", 2)))
    await until(lambda: bool(mine.heard and other.heard))
    assert (mine.heard, other.heard, excluded.heard) == (["one"], ["two"], [])


async def test_own_events_arrive_once_and_without_a_round_trip(hub: Hub, other_process: Hub) -> None:
    listener, far = Listener(), Listener()
    await hub.subscribe("room", listener)
    await other_process.subscribe("room", far)
    hub.publish([("room", Event.of("news", 1))])
    assert listener.heard == ["news"]
    await until(lambda: far.heard == ["news"])
    await asyncio.sleep(0.1)
    assert listener.heard == ["news"]


async def test_a_join_while_the_last_socket_leaves(hub: Hub) -> None:
    """When a page reloads, the leaving socket must not end the subscription of the new one."""
    leaves, comes = Listener(), Listener()
    await hub.subscribe("room", leaves)
    hub.unsubscribe("room", leaves)
    await hub.subscribe("room", comes)
    await from_another_process(("room", Event.of("news", 1)))
    await until(lambda: comes.heard == ["news"], within=3)
    assert leaves.heard == []


async def test_a_former_member_gets_no_events_and_needs_no_subscription(hub: Hub, redis: Redis) -> None:
    listener = Listener()
    await hub.subscribe("room", listener)
    with client.Redis.from_url(redis.url) as connection:
        assert b"test__group__room" in connection.pubsub_channels()
        hub.unsubscribe("room", listener)
        await until(lambda: b"test__group__room" not in connection.pubsub_channels())
    await from_another_process(("room", Event.of("news", 1)))
    await asyncio.sleep(0.1)
    assert listener.heard == []


async def test_publishes_share_a_pipeline(
    hub: Hub, other_process: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    send = Publisher._send

    async def counted(publisher: Publisher, commands: list[bytes]) -> None:
        sizes.append(len(commands))
        await send(publisher, commands)

    monkeypatch.setattr(Publisher, "_send", counted)
    far = Listener()
    await other_process.subscribe("room", far)
    for number in range(500):
        hub.publish([("room", Event.of(f"n{number}", 1))])
    await until(lambda: len(far.heard) == 500)
    assert far.heard == [f"n{number}" for number in range(500)]
    assert sum(sizes) == 500
    assert len(sizes) < 10


async def test_a_restart_of_redis_is_noticed_and_reported_when_everything_works(
    hub: Hub, redis: Redis
) -> None:
    listener = Listener()
    restored: list[datetime] = []
    hub.on_restored(restored.append)
    await hub.subscribe("room", listener)
    assert hub.is_connected
    before = datetime.now(UTC)
    await asyncio.to_thread(redis.stop)
    await until(lambda: not hub.is_connected)
    late = Listener()
    await asyncio.wait_for(hub.subscribe("late", late), patience(4))
    hub.publish([("room", Event.of("meanwhile", 1))])
    assert listener.heard == ["meanwhile"]
    await asyncio.to_thread(redis.start)
    await until(lambda: bool(restored))
    assert restored[0] < before
    await from_another_process(("room", Event.of("after", 1)), ("late", Event.of("after", 1)))
    await until(lambda: listener.heard == ["meanwhile", "after"] and late.heard == ["after"])
    assert len(restored) == 1
    await until(lambda: hub.is_connected)


async def test_a_redis_that_was_never_there_stops_nobody(settings: Settings) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chatsite.realtime.redis.layer.RedisLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"], "prefix": "test"},
        }
    }
    hub, listener = Hub(), Listener()
    await hub.start()
    await asyncio.wait_for(hub.subscribe("room", listener), patience(5))
    hub.publish([("room", Event.of("news", 1))])
    assert listener.heard == ["news"]
    assert not hub.is_connected
    await hub.stop()
    found: Any = get_channel_layer()
    await found.event_bus().close()
