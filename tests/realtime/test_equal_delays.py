"""Calls that are due the same time after they were asked for, on one timer of the loop."""

from __future__ import annotations

import asyncio
import time
from unittest.mock import patch

import pytest

from chatsite.realtime.timers import EqualDelays

pytestmark = pytest.mark.standalone

DELAY = 0.05


async def test_each_is_called_in_its_turn_and_not_before() -> None:
    called: list[tuple[str, float]] = []
    began = time.monotonic()
    delays: EqualDelays[str] = EqualDelays(
        DELAY, lambda item: called.append((item, time.monotonic() - began))
    )
    delays.add("a")
    delays.add("b")
    await asyncio.sleep(DELAY / 2)
    delays.add("c")
    await asyncio.sleep(DELAY * 3)
    assert [item for item, _ in called] == ["a", "b", "c"]
    assert all(at >= due for (_, at), due in zip(called, (DELAY, DELAY, DELAY * 1.5), strict=True))


async def test_one_timer_serves_all() -> None:
    delays: EqualDelays[int] = EqualDelays(DELAY, lambda item: None)
    loop = asyncio.get_running_loop()
    with patch.object(loop, "call_later", wraps=loop.call_later) as timers:
        for number in range(100):
            delays.add(number)
    timers.assert_called_once()


async def test_what_a_call_asks_for_is_called_too() -> None:
    called: list[int] = []

    def act(item: int) -> None:
        called.append(item)
        if item < 3:
            delays.add(item + 1)

    delays: EqualDelays[int] = EqualDelays(0.01, act)
    delays.add(1)
    await asyncio.sleep(0.2)
    assert called == [1, 2, 3]
    delays.add(3)
    await asyncio.sleep(0.1)
    assert called == [1, 2, 3, 3]


async def test_one_that_fails_does_not_end_the_others() -> None:
    called: list[str] = []
    failures: list[str] = []

    def act(item: str) -> None:
        if item == "bad":
            raise ValueError(item)
        called.append(item)

    asyncio.get_running_loop().set_exception_handler(lambda _, what: failures.append(str(what["exception"])))
    delays: EqualDelays[str] = EqualDelays(0.01, act)
    for item in ("bad", "good"):
        delays.add(item)
    await asyncio.sleep(0.1)
    delays.add("later")
    await asyncio.sleep(0.1)
    assert (failures, called) == (["bad"], ["good", "later"])


def test_what_a_loop_that_has_ended_left_behind_is_dropped() -> None:
    called: list[str] = []
    delays: EqualDelays[str] = EqualDelays(0.01, called.append)

    async def add(item: str, wait: float) -> None:
        delays.add(item)
        await asyncio.sleep(wait)

    asyncio.run(add("a", 0))
    asyncio.run(add("b", 0.1))
    assert called == ["b"]
