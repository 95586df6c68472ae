"""A bounded queue of frames between the hub and one socket.

The hub never waits for a socket: it puts frames here. What one turn of the event loop has put is written at once in the
next turn, by one write; where the socket cannot take it, a task that lives only while there are frames writes them in
order as it can. A reader that is too slow overflows the queue; its socket is then closed with a code that makes the
client resume, rather than growing the process (daphne has no back-pressure of its own).
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from chatsite.realtime.events import Event
from chatsite.realtime.transport import FrameWriter

Written = tuple[bytes, Event | None]


class Owner(Protocol):
    """Whose frames they are. An object, as two bound methods are a quarter of a KiB."""

    def delivered(self, event: Event) -> None:
        """The event's frame has been given to the transport."""

    def overflowed(self) -> None:
        """The reader is too slow; what waited for it is gone."""


class Outbox:
    __slots__ = (
        "_bytes",
        "_flush_soon",
        "_frames",
        "_loop",
        "_most_bytes",
        "_most_frames",
        "_owner",
        "_task",
        "_writer",
    )

    def __init__(self, writer: FrameWriter, owner: Owner, *, most_frames: int, most_bytes: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._frames: list[Written] = []  # a deque would be most of an idle socket's outbox
        self._bytes = 0
        self._writer = writer
        self._owner = owner
        self._most_frames = most_frames
        self._most_bytes = most_bytes
        self._flush_soon: asyncio.Handle | None = None
        self._task: asyncio.Task[None] | None = None

    def put(self, frame: bytes, event: Event | None = None) -> None:
        """Queue a frame; `event` is reported to the owner once the transport has taken the frame."""
        self._frames.append((frame, event))
        self._bytes += len(frame)
        if len(self._frames) > self._most_frames or self._bytes > self._most_bytes:
            self.clear()
            self._owner.overflowed()
        elif self._flush_soon is None and self._task is None:
            self._flush_soon = self._loop.call_soon(self._flush)

    @property
    def waiting(self) -> tuple[int, int]:
        """Frames that wait, and their bytes."""
        return len(self._frames), self._bytes

    def clear(self) -> None:
        self._frames.clear()
        self._bytes = 0

    async def drain(self) -> None:
        """Wait until everything queued has been written."""
        if self._flush_soon is not None:
            self._flush_soon.cancel()
            self._flush()
        if self._task is not None:
            await asyncio.wait([self._task])

    def stop(self) -> None:
        self.clear()
        if self._task is not None:
            self._task.cancel()

    def _flush(self) -> None:
        self._flush_soon = None
        if not self._frames:
            return
        if not self._writer.write_now([frame for frame, _ in self._frames]):
            self._task = self._loop.create_task(self._pump())
            return
        # What the owner causes may queue more; that is the next turn's.
        frames, self._frames = self._frames, []
        self._bytes = 0
        for _, event in frames:
            if event is not None:
                self._owner.delivered(event)

    async def _pump(self) -> None:
        try:
            while self._frames:
                frame, event = self._frames.pop(0)
                self._bytes -= len(frame)
                await self._writer.write(frame)
                if event is not None:
                    self._owner.delivered(event)
        finally:
            self._task = None
