"""Streams of events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, Self, TypeVar
from weakref import WeakSet

from business_chat_client.errors import ChatError

Event = TypeVar("Event")

MAX_BUFFERED_EVENTS: Final = 50_000  # events that a stream holds for a slow reader


class EventStream(Generic[Event]):
    """An async iterator over the events since its creation, in order, each once.

    It ends when its source is closed, and raises the source's `ChatError` if the source has failed. It has one reader.
    """

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._is_over = False
        self._error: ChatError | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._is_over:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """Stop collecting events. Events that wait can still be read."""
        self._end(None)

    def _put(self, event: Event) -> None:
        if self._is_over:
            return
        if len(self._waiting) >= MAX_BUFFERED_EVENTS:
            self._end(
                ChatError("slow_reader", f"More than {MAX_BUFFERED_EVENTS} events are waiting to be read.")
            )
        else:
            self._waiting.append(event)
            self._arrived.set()

    def _end(self, error: ChatError | None) -> None:
        if not self._is_over:
            self._is_over, self._error = True, error
            self._arrived.set()


class Broadcaster(Generic[Event]):
    """Passes each event to every open stream. It keeps weak references, so an unused stream is dropped."""

    def __init__(self) -> None:
        self._streams: WeakSet[EventStream[Event]] = WeakSet()
        self._is_over = False

    def open(self) -> EventStream[Event]:
        stream: EventStream[Event] = EventStream()
        if self._is_over:
            stream.close()
        self._streams.add(stream)
        return stream

    def put(self, events: Iterable[Event]) -> None:
        for event in events:
            for stream in list(self._streams):
                stream._put(event)

    def end(self, error: ChatError | None = None) -> None:
        self._is_over = True
        for stream in list(self._streams):
            stream._end(error)
