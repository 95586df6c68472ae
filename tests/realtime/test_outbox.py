"""The bounded queue of one socket, and readers that are too slow."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace

import pytest
from pytest_django import Settings

from chatsite.realtime.events import Event
from chatsite.realtime.outbox import Outbox
from chatsite.realtime.runtime import ProcessRuntime
from tests.harness.patience import patience
from tests.presence.process import eventually
from tests.realtime.seats import Wire, seat

pytestmark = pytest.mark.standalone


@dataclass
class Owner:
    wire: Wire
    stalls: list[int]
    caught_up_since: list[float] = field(default_factory=list)

    def is_recoverable(self, event: Event) -> bool:
        return event.rev > 0

    def delivered(self, event: Event) -> None:
        self.wire.written.append(f"delivered {event.name}".encode())

    def caught_up(self, since: float) -> None:
        self.caught_up_since.append(since)

    def stalled(self) -> None:
        self.stalls.append(1)


def outbox(
    wire: Wire,
    stalls: list[int],
    frames: int = 3,
    size: int = 1000,
    owner: Owner | None = None,
    stall: float = 60,
) -> Outbox:
    return Outbox(
        wire, owner or Owner(wire, stalls), most_frames=frames, most_bytes=size, stall_seconds=stall
    )


def seen() -> Event:
    return Event("seen", b"{}", note=b"\x01")


def change(rev: int) -> tuple[bytes, Event]:
    return f"change {rev}".encode(), Event("change", b"{}", rev=rev)


async def test_frames_queued_in_one_turn_leave_in_one_write() -> None:
    wire = Wire()
    queue = outbox(wire, [])
    queue.put(b"a")
    queue.put(b"b", seen())
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
    stalls: list[int] = []
    queue = outbox(wire, stalls)
    queue.put(b"a")
    queue.put(b"b", seen())
    queue.put(b"c")
    await queue.drain()
    assert wire.written == [b"a", b"b", b"delivered seen", b"c"]
    assert not stalls


@pytest.mark.parametrize(("frames", "size", "put"), [(3, 1000, [b"x"] * 14), (100, 10, [b"xxxx"] * 12)])
async def test_answers_that_nobody_reads_are_bounded(frames: int, size: int, put: list[bytes]) -> None:
    wire = Wire()
    stalls: list[int] = []
    wire.reading.clear()
    queue = outbox(wire, stalls, frames, size)
    for frame in put[:-1]:
        queue.put(frame)
        await asyncio.sleep(0)
    assert not stalls
    queue.put(put[-1])
    assert stalls == [1]
    queue.stop()
    wire.reading.set()
    await asyncio.sleep(0.01)
    assert wire.written == []


async def test_a_burst_that_the_socket_takes_at_once_loses_nothing() -> None:
    wire = Wire()
    owner = Owner(wire, [])
    queue = outbox(wire, [], owner=owner)
    changes = [change(rev) for rev in range(1, 30)]
    for one in changes:
        queue.put(*one)
    await queue.drain()
    assert wire.written == [frame for frame, _ in changes]
    assert (owner.stalls, owner.caught_up_since) == ([], [])


async def test_changes_that_do_not_fit_are_dropped_and_reported_after_the_socket_drained() -> None:
    wire = Wire()
    owner = Owner(wire, [])
    queue = outbox(wire, [], owner=owner)
    wire.reading.clear()
    queue.put(b"first")
    await asyncio.sleep(0.01)
    began = time.time()
    for rev in range(1, 100):
        queue.put(*change(rev))
    queue.put(b"answer")
    assert queue.waiting == (1, 6)
    assert (owner.stalls, owner.caught_up_since) == ([], [])
    wire.reading.set()
    await queue.drain()
    assert wire.written == [b"first", b"answer"]
    assert owner.caught_up_since == [pytest.approx(began, abs=1)]
    queue.put(*change(100))
    await queue.drain()
    assert wire.written[-1] == b"change 100"


async def test_a_slow_socket_is_not_a_stalled_one() -> None:
    wire = Wire()
    stalls: list[int] = []
    queue = outbox(wire, stalls, frames=100, stall=1.5)
    wire.reading.clear()
    for number in range(6):
        queue.put(b"%d" % number)
    for _ in range(6):  # longer in all than a stall
        await asyncio.sleep(0.3)
        wire.reading.set()
        wire.reading.clear()
    assert stalls == []
    await eventually(lambda: stalls == [1] or len(wire.written) == 6)
    queue.stop()


async def test_a_full_queue_holds_up_the_next_command() -> None:
    wire = Wire()
    queue = outbox(wire, [])
    wire.reading.clear()
    for _ in range(5):
        queue.put(b"answer")
    await asyncio.sleep(0.01)
    waiting = asyncio.create_task(queue.wait_for_room())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    wire.reading.set()
    await asyncio.wait_for(waiting, patience(5))
    await queue.drain()
    assert wire.written == [b"answer"] * 5


@pytest.fixture(autouse=True)
def short_queue(settings: Settings) -> None:
    settings.CHAT = replace(settings.CHAT, queue_frames=20, stall_seconds=1)


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
