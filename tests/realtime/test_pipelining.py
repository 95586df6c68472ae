"""The number of pending sends of one socket is limited. At the limit, its next frame waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from pytest_django import Settings

from chatsite.realtime import registry
from chatsite.realtime.runtime import ProcessRuntime
from tests.presence.process import eventually
from tests.realtime.seats import seat

pytestmark = pytest.mark.standalone

MOST = 3


class Nothing(msgspec.Struct):
    pass


async def test_the_next_frame_waits_for_an_answer(
    runtime: ProcessRuntime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHAT = replace(settings.CHAT, pipelined_sends=MOST)
    under_way: list[asyncio.Future[Any]] = []

    def begin(session: object, data: Nothing) -> asyncio.Future[Any]:
        under_way.append(runtime.loop.create_future())
        return under_way[-1]

    command = registry.Command("begin", Nothing, begin, pipelined=True)
    monkeypatch.setitem(registry.commands, "begin", command)
    session, wire = await seat(runtime, "room")

    async def read_frames() -> None:
        for number in range(MOST + 1):
            await session.receive("begin", None, number, lambda data, struct: struct())

    reading = asyncio.create_task(read_frames())
    await eventually(lambda: len(under_way) == MOST)
    await asyncio.sleep(0.02)
    assert len(under_way) == MOST
    assert not reading.done()
    under_way[1].set_result(b"second")
    await eventually(lambda: len(under_way) == MOST + 1)
    for future in (under_way[0], *under_way[2:]):
        future.set_result(b"others")
    await reading
    await eventually(lambda: len(wire.written) > MOST)
    assert wire.written == [b"second", *[b"others"] * MOST]
