"""The bounded queue of one socket, and what becomes of a reader that is too slow."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest
from pytest_django import Settings

from chatsite.realtime.events import Event
from chatsite.realtime.outbox import Outbox
from chatsite.realtime.runtime import ProcessRuntime
from tests.presence.process import eventually
from tests.realtime.seats import Wire, seat

pytestmark = pytest.mark.standalone


@dataclass
class Owner:
    wire: Wire
    overflows: list[int]

    def delivered(self, event: Event) -> None:
        self.wire.written.append(f"delivered {event.name}".encode())

    def overflowed(self) -> None:
        self.overflows.append(1)


def outbox(wire: Wire, overflows: list[int], frames: int = 3, size: int = 1000) -> Outbox:
    return Outbox(wire, Owner(wire, overflows), most_frames=frames, most_bytes=size)


async def test_what_one_turn_queued_leaves_in_one_write() -> None:
    wire = Wire()
    queue = outbox(wire, [])
    queue.put(b"a")
    queue.put(b"b", Event("seen", b"{}"))
    queue.put(b"c")
    assert wire.written == []
    await queue.drain()
    assert wire.written == [b"a", b"b", b"c", b"delivered seen"]
    queue.put(b"d")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert wire.written[-1] == b"d"
    assert wire.writes == 2


async def test_the_order_holds_over_a_pause_of_the_reader() -> None:
    wire = Wire()
    queue = outbox(wire, [], frames=10)
    queue.put(b"a")
    await asyncio.sleep(0.01)
    wire.reading.clear()
    queue.put(b"b")
    await asyncio.sleep(0.01)
    queue.put(b"c")
    await asyncio.sleep(0.01)
    wire.reading.set()
    queue.put(b"d")
    await asyncio.sleep(0.01)
    queue.put(b"e")
    await queue.drain()
    assert wire.written == [b"a", b"b", b"c", b"d", b"e"]


async def test_frames_leave_in_order_and_are_reported_after_they_left() -> None:
    wire = Wire(direct=False)
    overflows: list[int] = []
    queue = outbox(wire, overflows)
    queue.put(b"a")
    queue.put(b"b", Event("seen", b"{}"))
    queue.put(b"c")
    await queue.drain()
    assert wire.written == [b"a", b"b", b"delivered seen", b"c"]
    assert not overflows


@pytest.mark.parametrize(("frames", "size", "put"), [(3, 1000, [b"x"] * 5), (100, 10, [b"xxxx"] * 4)])
async def test_too_many_or_too_much(frames: int, size: int, put: list[bytes]) -> None:
    wire = Wire()
    overflows: list[int] = []
    wire.reading.clear()
    queue = outbox(wire, overflows, frames, size)
    for frame in put[:-1]:
        queue.put(frame)
        await asyncio.sleep(0)
    assert not overflows
    queue.put(put[-1])
    assert overflows == [1]
    queue.stop()
    wire.reading.set()
    await asyncio.sleep(0.01)
    assert wire.written == []


@pytest.fixture(autouse=True)
def short_queue(settings: Settings) -> None:
    settings.CHAT = replace(settings.CHAT, queue_frames=20)


async def test_a_slow_reader_is_closed_and_disturbs_nobody(runtime: ProcessRuntime) -> None:
    (_, slow), (_, quick) = await seat(runtime, "room"), await seat(runtime, "room")
    slow.reading.clear()
    for number in range(60):
        runtime.hub.publish([("room", Event.of("news", number))])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await eventually(lambda: slow.closed_with is not None)
    assert slow.closed_with == 4008
    assert quick.closed_with is None
    assert len(quick.written) == 60
    slow.reading.set()
    await asyncio.sleep(0.05)
    assert slow.written == []


async def test_a_pause_within_the_bound_loses_nothing(runtime: ProcessRuntime) -> None:
    _, wire = await seat(runtime, "room")
    wire.reading.clear()
    for number in range(15):
        runtime.hub.publish([("room", Event.of("news", number))])
    await asyncio.sleep(0.01)
    wire.reading.set()
    await eventually(lambda: len(wire.written) >= 15)
    assert len(wire.written) == 15
    assert wire.closed_with is None
