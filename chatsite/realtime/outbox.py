"""A bounded queue of frames between the hub and one socket.

The hub never waits for a socket: it puts frames here. The frames of one turn of the event loop are written together in
the next turn. If the socket cannot take them, a task writes them one by one as the socket drains.

A slow reader whose queue is full keeps its socket. The outbox drops the events that a client can get again, and calls
its owner when the socket has drained, so that the owner can send the client what it missed. A socket is closed only if
it takes no frame for `stall_seconds` while frames wait.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

from chatsite.realtime.events import Event
from chatsite.realtime.transport import FrameWriter

Frame = tuple[bytes, Event | None]

# Answers are never dropped. They stay far below this multiple of the bounds, because a session reads no further
# command while its outbox is full.
HARD_BOUND: Final = 4


class Owner(Protocol):
    """The session that owns an outbox. It is one object because four bound methods would take more memory."""

    def is_recoverable(self, event: Event) -> bool:
        """Return whether the client can get the event's content later."""
        ...

    def delivered(self, event: Event) -> None:
        """Called when the frame of the event has been passed to the transport."""

    def caught_up(self, since: float) -> None:
        """Called when the socket has drained. Recoverable events since `since` (a Unix time) were dropped."""

    def stalled(self) -> None:
        """Called when the socket takes no frame, or too many frames wait that cannot be dropped."""


class Outbox:
    __slots__ = (
        "_bytes",
        "_drained",
        "_dropped_since",
        "_flush_soon",
        "_frames",
        "_loop",
        "_most_bytes",
        "_most_frames",
        "_owner",
        "_stall_seconds",
        "_task",
        "_waiting_since",
        "_writer",
    )

    def __init__(
        self, writer: FrameWriter, owner: Owner, *, most_frames: int, most_bytes: int, stall_seconds: float
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._frames: list[Frame] = []  # a deque takes more memory, which matters for idle sockets
        self._bytes = 0
        self._writer = writer
        self._owner = owner
        self._most_frames = most_frames
        self._most_bytes = most_bytes
        self._stall_seconds = stall_seconds
        self._waiting_since = 0.0  # when the task began
        self._dropped_since = 0.0  # 0 if nothing was dropped since the socket drained
        self._drained: asyncio.Event | None = None
        self._flush_soon: asyncio.Handle | None = None
        self._task: asyncio.Task[None] | None = None

    def put(self, frame: bytes, event: Event | None = None) -> None:
        """Queue a frame. `event` is the event in it; None for an answer."""
        if self._dropped_since and event is not None and self._owner.is_recoverable(event):
            return
        self._frames.append((frame, event))
        self._bytes += len(frame)
        if self.is_full:
            self._make_room()
        if self._frames or self._dropped_since:
            self._schedule()

    @property
    def is_full(self) -> bool:
        return self._bytes > self._most_bytes or len(self._frames) > self._most_frames

    @property
    def waiting(self) -> tuple[int, int]:
        """Return the number of waiting frames and of their bytes."""
        return len(self._frames), self._bytes

    def clear(self) -> None:
        self._frames.clear()
        self._bytes = 0
        self._dropped_since = 0.0

    async def wait_for_room(self) -> None:
        """Wait while the queue is full. Also returns when the outbox is stopped."""
        if self.is_full:
            if self._drained is None:
                self._drained = asyncio.Event()
            await self._drained.wait()

    async def drain(self) -> None:
        """Wait until everything queued has been written."""
        if self._flush_soon is not None:
            self._flush_soon.cancel()
            self._flush()
        if self._task is not None:
            await asyncio.wait([self._task])

    def stop(self) -> None:
        self.clear()
        self._release()
        if self._task is not None:
            self._task.cancel()

    # A full queue

    def _make_room(self) -> None:
        """Write all frames if the socket takes them now. Otherwise drop the recoverable events."""
        if self._task is None and self._write_all():
            return
        if not self._dropped_since:
            self._dropped_since = self._waiting_since if self._task is not None else time.time()
        self._frames = [
            one for one in self._frames if one[1] is None or not self._owner.is_recoverable(one[1])
        ]
        self._bytes = sum(len(frame) for frame, _ in self._frames)
        if len(self._frames) > HARD_BOUND * self._most_frames or self._bytes > HARD_BOUND * self._most_bytes:
            self.clear()
            self._owner.stalled()

    def _release(self) -> None:
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    def _finish(self) -> None:
        """Report that no frame waits any more."""
        self._release()
        since, self._dropped_since = self._dropped_since, 0.0
        if since:
            self._owner.caught_up(since)

    # Writing

    def _schedule(self) -> None:
        if self._flush_soon is None and self._task is None:
            self._flush_soon = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_soon = None
        if self._task is not None:
            return
        if self._write_all():
            self._finish()
        else:
            self._waiting_since = time.time()
            self._task = self._loop.create_task(self._pump())

    def _write_all(self) -> bool:
        """Write all frames in one call. Return False if the socket is busy."""
        if self._frames and not self._writer.write_now([frame for frame, _ in self._frames]):
            return False
        # `delivered` may queue more frames, which are written in the next turn.
        frames, self._frames = self._frames, []
        self._bytes = 0
        for _, event in frames:
            if event is not None and event.has_note:
                self._owner.delivered(event)
        return True

    async def _pump(self) -> None:
        try:
            while self._frames:
                frame, event = self._frames.pop(0)
                self._bytes -= len(frame)
                async with asyncio.timeout(self._stall_seconds):
                    await self._writer.write(frame)
                if event is not None and event.has_note:
                    self._owner.delivered(event)
                if self._drained is not None and not self.is_full:
                    self._release()
        except TimeoutError:
            self.clear()
            self._owner.stalled()
        finally:
            self._task = None
        self._finish()
