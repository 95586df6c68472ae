"""Ways to lose events between processes while Redis runs. Each is noticed, and reported once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Hub
from chatsite.realtime.redis import connection as connection_module
from chatsite.realtime.redis import publisher as publisher_module
from chatsite.realtime.runtime import ProcessRuntime
from chatsite.realtime.shutdown import wind_down
from tests.faults.lines import Connection, Line
from tests.harness.patience import patience
from tests.harness.services import Redis
from tests.realtime.seats import seat
from tests.realtime.test_redis_layer import Listener, from_another_process, until

pytestmark = pytest.mark.standalone


@pytest.fixture
async def line(redis: Redis) -> AsyncIterator[Line]:
    async with Line(redis.port) as line:
        yield line


@pytest.fixture
async def hub(line: Line, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """A hub that connects to Redis through the proxy, and pings often."""
    monkeypatch.setattr(connection_module, "PING_SECONDS", 0.1)
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chatsite.realtime.redis.layer.RedisLayer",
            "CONFIG": {"hosts": [f"redis://127.0.0.1:{line.port}/0"], "prefix": "test"},
        }
    }
    hub = Hub()
    await hub.start()
    yield hub
    await hub.stop()
    found: Any = get_channel_layer()
    await found.event_bus().close()


class Told(list[datetime]):
    """The times since which a process was told that it may have missed events."""

    def __init__(self, hub: Hub) -> None:
        hub.on_restored(self.append)


async def publisher_of(hub: Hub, line: Line) -> Connection:
    """Return the connection that a first publish has opened."""
    before = set(line.connections)
    hub.publish([("room", Event.of("first", 1))])
    await hub.flush()
    (publisher,) = line.connections - before
    return publisher


async def test_a_connection_that_was_cut(hub: Hub, line: Line) -> None:
    """This process publishes nothing, so only the listener can notice it."""
    told, listener = Told(hub), Listener()
    await hub.subscribe("room", listener)
    for connection in list(line.connections):
        connection.cut()
    await until(lambda: len(told) == 1)
    await from_another_process(("room", Event.of("after", 1)))
    await until(lambda: listener.heard == ["after"])


async def test_a_subscription_returns_when_it_is_confirmed(hub: Hub, line: Line) -> None:
    (connection,) = line.connections
    connection.freeze()
    subscribing = asyncio.create_task(hub.subscribe("room", Listener()))
    await asyncio.sleep(0.1)
    assert not subscribing.done()
    connection.thaw()
    await asyncio.wait_for(subscribing, patience(5))


async def test_a_connection_that_has_gone_silent(
    hub: Hub, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a half-open connection nothing arrives, nothing is answered, and there is no reset."""
    monkeypatch.setattr(connection_module, "SILENCE_SECONDS", 0.5)
    told, listener = Told(hub), Listener()
    await hub.subscribe("room", listener)
    for connection in line.connections:
        connection.freeze()
    await from_another_process(("room", Event.of("lost", 1)))
    await until(lambda: len(told) == 1)
    monkeypatch.setattr(connection_module, "SILENCE_SECONDS", 60)
    await from_another_process(("room", Event.of("after", 1)))
    await until(lambda: listener.heard == ["after"])


@pytest.fixture
async def ending(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ProcessRuntime]:
    """A process that may end. It has no apps, so only its events can delay the end."""
    monkeypatch.setattr(publisher_module, "CONFIRM_SECONDS", 30)
    monkeypatch.setattr(registry, "stopping", [])
    monkeypatch.setattr(registry, "closed", [])
    runtime = ProcessRuntime()
    runtime.hub = hub
    yield runtime
    await runtime.stop()


async def test_events_leave_before_sockets_are_told_to_close(
    ending: ProcessRuntime, hub: Hub, line: Line
) -> None:
    session, wire = await seat(ending, "room")
    publisher = await publisher_of(hub, line)
    publisher.freeze()
    hub.publish([("elsewhere", Event.of("last", 1))])
    winding_down = asyncio.create_task(wind_down(ending))
    await asyncio.sleep(0.3)
    assert (wire.closed_with, session.is_closing) == (None, False)
    publisher.thaw()
    await asyncio.wait_for(winding_down, patience(5))
    assert wire.closed_with == 1012


async def test_events_of_the_sockets_closing_leave_before_the_process_ends(
    ending: ProcessRuntime, hub: Hub, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, wire = await seat(ending, "room")
    publisher = await publisher_of(hub, line)

    async def close(code: int, reason: str) -> None:
        publisher.freeze()
        hub.publish([("elsewhere", Event.of("gone", 1))])
        await session.close()

    monkeypatch.setattr(wire, "close", close)
    winding_down = asyncio.create_task(wind_down(ending))
    await until(lambda: not ending.sessions)
    await asyncio.sleep(0.3)
    assert not winding_down.done()
    publisher.thaw()
    await asyncio.wait_for(winding_down, patience(5))
