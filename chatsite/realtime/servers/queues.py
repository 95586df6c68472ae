"""Queues that cost an idle socket nothing.

A `deque` takes a block of 64 places before it holds anything, and an `asyncio.Queue` has four: 3 KiB, in each of
thousands of sockets that say nothing. Their queues hold a message or two, which a list does as well.
"""

from __future__ import annotations

import asyncio
from typing import Any


class ShortDeque(list[Any]):
    """As much of a deque as asyncio's queues and events use."""

    __slots__ = ()

    def popleft(self) -> Any:
        return self.pop(0)


def shorten(queue: asyncio.Queue[Any]) -> None:
    """Let `queue` use lists instead of deques. Nobody may be waiting at it."""
    queue._queue = ShortDeque(queue._queue)  # type: ignore[attr-defined]
    queue._getters, queue._putters = ShortDeque(), ShortDeque()  # type: ignore[attr-defined]
    shorten_event(queue._finished)  # type: ignore[attr-defined]


def shorten_event(event: asyncio.Event) -> None:
    """Let `event` use a list instead of a deque. Nobody may be waiting for it."""
    event._waiters = ShortDeque()  # type: ignore[assignment]


class OneReaderQueue:
    """For messages of one writer to one reader, who pauses the writer while a message waits.

    What is waited for is the message itself: no coroutine stays for it. A reader that is cancelled just when a message
    has come does not see it, and reads no more.
    """

    __slots__ = ("_arrival", "_messages")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._arrival: asyncio.Future[Any] | None = None

    def empty(self) -> bool:
        return not self._messages

    def put_nowait(self, message: Any) -> None:
        # Done: its reader was cancelled, or has not run yet.
        if self._arrival is None or self._arrival.done():
            self._messages.append(message)
        else:
            self._arrival.set_result(message)

    def get_nowait(self) -> Any:
        """Raises `IndexError` where nothing has come."""
        return self._messages.pop(0)

    def get(self) -> asyncio.Future[Any]:
        """The next message. Whoever has asked waits for it before asking again."""
        self._arrival = asyncio.get_running_loop().create_future()
        if self._messages:
            self._arrival.set_result(self._messages.pop(0))
        return self._arrival
