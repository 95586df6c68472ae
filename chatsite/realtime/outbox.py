"""A bounded queue of frames between the hub and one socket.

The hub never waits for a socket: it puts frames here, and a task that lives only while there are frames writes them
in order. A reader that is too slow overflows the queue; its socket is then closed with a code that makes the client
resume, rather than growing the process (daphne has no back-pressure of its own).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from chatsite.realtime.events import Event

Written = tuple[str, Event | None]


class Outbox:
    __slots__ = (
        "_bytes",
        "_frames",
        "_most_bytes",
        "_most_frames",
        "_overflowed",
        "_task",
        "_write",
        "_written",
    )

    def __init__(
        self,
        write: Callable[[str], Awaitable[None]],
        *,
        written: Callable[[Event], None],
        overflowed: Callable[[], None],
        most_frames: int,
        most_bytes: int,
    ) -> None:
        self._frames: deque[Written] = deque()
        self._bytes = 0
        self._write = write
        self._written = written
        self._overflowed = overflowed
        self._most_frames = most_frames
        self._most_bytes = most_bytes
        self._task: asyncio.Task[None] | None = None

    def put(self, frame: str, event: Event | None = None) -> None:
        """Queue a frame; `event` is reported to `written` once it has been handed to the transport."""
        self._frames.append((frame, event))
        self._bytes += len(frame)
        if len(self._frames) > self._most_frames or self._bytes > self._most_bytes:
            self.clear()
            self._overflowed()
        elif self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._pump())

    def clear(self) -> None:
        self._frames.clear()
        self._bytes = 0

    async def drain(self) -> None:
        """Wait until everything queued has been written."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def stop(self) -> None:
        self.clear()
        if self._task is not None:
            self._task.cancel()

    async def _pump(self) -> None:
        try:
            while self._frames:
                frame, event = self._frames.popleft()
                self._bytes -= len(frame)
                await self._write(frame)
                if event is not None:
                    self._written(event)
        finally:
            self._task = None
