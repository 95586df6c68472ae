"""The bounded queue of one socket, and what becomes of a reader that is too slow."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from chatsite.errors import DomainError
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.outbox import Outbox
from chatsite.realtime.runtime import Runtime
from chatsite.realtime.session import Session


class Wire:
    """A transport whose reader may stop reading."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.closed_with: int | None = None
        self.reading = asyncio.Event()
        self.reading.set()

    async def write(self, frame: str) -> None:
        await self.reading.wait()
        self.written.append(frame)

    async def close(self, code: int, reason: str) -> None:
        self.closed_with = code

    def encode(self, event: Event) -> str:
        return event.native

    def encode_ack(self, ref: Any, data: bytes) -> str:
        return data.decode()

    def encode_error(self, ref: Any, error: DomainError) -> str:
        return error.code


def outbox(wire: Wire, overflows: list[int], frames: int = 3, size: int = 1000) -> Outbox:
    return Outbox(
        wire.write,
        written=lambda event: wire.written.append(f"handed {event.name}"),
        overflowed=lambda: overflows.append(1),
        most_frames=frames,
        most_bytes=size,
    )


async def test_frames_leave_in_order_and_are_reported_after_they_left() -> None:
    wire = Wire()
    overflows: list[int] = []
    queue = outbox(wire, overflows)
    queue.put("a")
    queue.put("b", Event("seen", b"{}"))
    queue.put("c")
    await queue.drain()
    assert wire.written == ["a", "b", "handed seen", "c"]
    assert not overflows


@pytest.mark.parametrize(("frames", "size", "put"), [(3, 1000, ["x"] * 5), (100, 10, ["xxxx"] * 4)])
async def test_too_many_or_too_much(frames: int, size: int, put: list[str]) -> None:
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


@pytest.fixture
async def runtime(settings: Settings) -> Any:
    settings.CHAT = replace(settings.CHAT, queue_frames=20)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    runtime = Runtime()
    yield runtime
    await runtime.stop()


async def seat(runtime: Runtime, group: str) -> tuple[Session, Wire]:
    """A session in the group, without the apps' hooks."""
    wire = Wire()
    session = Session(wire, runtime)
    session.identity, session.user_id = Identity("1", "", None), "1"
    runtime.sessions.add(session)
    await session.subscribe(group)
    return session, wire


async def test_a_slow_reader_is_closed_and_disturbs_nobody(runtime: Runtime) -> None:
    (_, slow), (_, quick) = await seat(runtime, "room"), await seat(runtime, "room")
    slow.reading.clear()
    for number in range(60):
        runtime.hub.publish([("room", Event.of("news", number))])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert slow.closed_with == 4008
    assert quick.closed_with is None
    assert len(quick.written) == 60
    slow.reading.set()
    await asyncio.sleep(0.05)
    assert slow.written == []


async def test_a_pause_within_the_bound_loses_nothing(runtime: Runtime) -> None:
    _, wire = await seat(runtime, "room")
    wire.reading.clear()
    for number in range(15):
        runtime.hub.publish([("room", Event.of("news", number))])
    await asyncio.sleep(0.01)
    wire.reading.set()
    await asyncio.sleep(0.05)
    assert len(wire.written) == 15
    assert wire.closed_with is None
