"""Many calls that are each due the same time after they were asked for.

They become due in the order of asking, so one timer of the event loop serves all. One each would be half a KiB for
every socket that waits for its ping.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class EqualDelays(Generic[ItemT]):
    """Calls `act(item)` in the order of the items, each `seconds` after it was added."""

    def __init__(self, seconds: float, act: Callable[[ItemT], None]) -> None:
        self._seconds = seconds
        self._act = act
        self._due: deque[tuple[float, ItemT]] = deque()
        self._waiting_in: asyncio.AbstractEventLoop | None = None  # where the timer is, while there is one

    def add(self, item: ItemT) -> None:
        loop = asyncio.get_running_loop()
        if self._waiting_in is not loop:
            self._due.clear()  # empty, or of a loop that has ended, as each test has its own
            self._waiting_in = loop
            loop.call_later(self._seconds, self._run, loop)
        self._due.append((loop.time() + self._seconds, item))

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        try:
            while self._due and self._due[0][0] <= now:
                self._act(self._due.popleft()[1])
        finally:  # one that fails does not end the others
            if self._due:
                loop.call_at(self._due[0][0], self._run, loop)
            else:
                self._waiting_in = None
