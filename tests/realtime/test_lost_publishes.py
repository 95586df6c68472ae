"""Publishes that do not reach Redis: they are repeated, and if that fails, the other processes are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import redis as client

from chatsite.realtime.events import Event
from chatsite.realtime.hub import Hub
from chatsite.realtime.redis import blocking_publisher
from chatsite.realtime.redis import publisher as publisher_module
from chatsite.realtime.redis.layer import RedisLayer
from tests.faults.lines import Line
from tests.harness.services import Redis
from tests.realtime.test_losses import Told, hub, line, publisher_of
from tests.realtime.test_redis_layer import Listener, from_another_process, until

__all__ = ["hub", "line"]  # fixtures

pytestmark = pytest.mark.standalone

NOWHERE = 1  # a port that refuses connections


@pytest.fixture
async def far(hub: Hub, redis: Redis) -> AsyncIterator[Hub]:
    """The hub of another process, whose connections do not fail."""
    far = Hub()
    bus = RedisLayer(hosts=[redis.url], prefix="test").event_bus()
    far._bus = bus
    await far.start()
    yield far
    await bus.close()


async def test_a_connection_that_was_closed_while_idle(hub: Hub, far: Hub, line: Line) -> None:
    told, listener = (Told(hub), Told(far)), Listener()
    await far.subscribe("room", listener)
    publisher = await publisher_of(hub, line)
    publisher.cut()
    await asyncio.sleep(0.05)
    hub.publish([("room", Event.of("after", 1))])
    await until(lambda: listener.heard == ["first", "after"])
    assert told == ([], [])


async def test_a_connection_that_was_forgotten(
    hub: Hub, far: Hub, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody closes it, and no answer arrives."""
    monkeypatch.setattr(publisher_module, "CONFIRM_SECONDS", 0.3)
    listener = Listener()
    await far.subscribe("room", listener)
    publisher = await publisher_of(hub, line)
    publisher.freeze()
    hub.publish([("room", Event.of("after", 1))])
    await until(lambda: listener.heard == ["first", "after"])


async def test_an_idle_connection_is_kept_in_use(
    hub: Hub, redis: Redis, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "IDLE_SECONDS", 0.2)
    publisher = await publisher_of(hub, line)
    with client.Redis.from_url(redis.url) as connection:
        connection.config_set("timeout", 1)
        await asyncio.sleep(2.5)
        connection.config_set("timeout", 0)
    assert publisher in line.connections


async def test_the_other_processes_are_told_since_when(hub: Hub, far: Hub, redis: Redis, line: Line) -> None:
    own, told = Told(hub), Told(far)
    publisher = await publisher_of(hub, line)
    before = datetime.now(UTC)
    line.target = NOWHERE
    publisher.cut()
    await asyncio.sleep(0.05)
    hub.publish([("room", Event.of("lost", 1))])
    await hub.flush()
    assert not hub.is_connected
    hub.publish([("room", Event.of("lost too", 1))])
    await hub.flush()
    line.target = redis.port
    await until(lambda: len(told) == 1)
    assert told[0] < before
    assert own == []  # its own sockets have got the events
    await until(lambda: hub.is_connected)
    hub.publish([("room", Event.of("after", 1))])
    await hub.flush()
    assert (len(told), own) == (1, [])


async def test_more_than_may_wait_for_a_redis_that_hangs(
    hub: Hub, far: Hub, redis: Redis, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "MOST_WAITING", 50)
    monkeypatch.setattr(publisher_module, "CONFIRM_SECONDS", 30)
    told, most = Told(far), 0
    await publisher_of(hub, line)
    with client.Redis.from_url(redis.url) as connection:
        connection.client_pause(400)
        for number in range(500):
            hub.publish([("room", Event.of(f"n{number}", 1))])
            most = max(most, hub.publishes_waiting)
            if number == 10:
                await asyncio.sleep(0.02)  # a pipeline is on its way from here on
    assert most == 50
    await until(lambda: len(told) == 1)


async def test_a_worker_has_every_process_told(
    hub: Hub, far: Hub, redis: Redis, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking_publisher, "NOTICE_SECONDS", 0.1)
    told = [Told(hub), Told(far)]
    before = datetime.now(UTC)
    line.target = NOWHERE
    await from_another_process(("room", Event.of("lost", 1)))
    await from_another_process(("room", Event.of("lost too", 1)))
    line.target = redis.port
    await until(lambda: [len(each) for each in told] == [1, 1])
    assert max(told[0][0], told[1][0]) < before
