"""Queues without deques do what those of asyncio do, for less."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from chatsite.realtime.servers.queues import OneReaderQueue, shorten, shorten_event

pytestmark = pytest.mark.standalone


@pytest.fixture
async def queue() -> asyncio.Queue[str]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    queue.put_nowait("waiting")
    shorten(queue)
    return queue


async def test_a_shortened_queue_keeps_its_order_and_its_readers(queue: asyncio.Queue[str]) -> None:
    assert await queue.get() == "waiting"
    readers = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    readers[0].cancel()
    await asyncio.wait(readers[:1])
    for text in ("a", "b", "c"):
        queue.put_nowait(text)
    assert [await readers[1], await readers[2], await queue.get()] == ["a", "b", "c"]
    with pytest.raises(asyncio.QueueEmpty):
        queue.get_nowait()


async def test_a_shortened_queue_can_be_joined(queue: asyncio.Queue[str]) -> None:
    joined = asyncio.create_task(queue.join())
    queue.get_nowait()
    await asyncio.sleep(0)
    assert not joined.done()
    queue.task_done()
    await joined


async def test_a_shortened_event_wakes_everybody() -> None:
    event = asyncio.Event()
    shorten_event(event)
    waiting = [asyncio.create_task(event.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    event.set()
    assert await asyncio.gather(*waiting) == [True] * 3


async def test_no_deque_is_left(queue: asyncio.Queue[str]) -> None:
    """Of an idle socket's memory they were a tenth; a new release of Python may have other ones."""
    parts: list[Any] = [*vars(queue).values(), *vars(queue._finished).values()]  # type: ignore[attr-defined]
    assert sum(map(sys.getsizeof, parts)) < 600


async def test_the_queue_gives_what_came_in_its_order() -> None:
    queue = OneReaderQueue()
    assert queue.empty()
    queue.put_nowait("a")
    queue.put_nowait("b")
    assert not queue.empty()
    assert [await queue.get(), await queue.get()] == ["a", "b"]


async def test_the_queue_wakes_its_reader_once() -> None:
    queue = OneReaderQueue()
    reader = queue.get()
    queue.put_nowait("a")
    queue.put_nowait("b")
    assert await reader == "a"
    assert await queue.get() == "b"


async def test_a_reader_that_is_cancelled_leaves_the_queue_whole() -> None:
    queue = OneReaderQueue()
    queue.get().cancel()
    queue.put_nowait("a")
    assert await queue.get() == "a"
