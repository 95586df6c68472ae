"""Sessions without a server, for tests in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from chatsite.errors import DomainError
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.runtime import ProcessRuntime
from chatsite.realtime.session import LiveSession


class Wire:
    """A transport whose reader may stop reading."""

    kind = "test"

    def __init__(self, *, direct: bool = True) -> None:
        self.written: list[bytes] = []
        self.writes = 0
        self.closed_with: int | None = None
        self.direct = direct  # whether the server below takes many frames in one write
        self.reading = asyncio.Event()
        self.reading.set()

    def write_now(self, frames: Iterable[bytes]) -> bool:
        if not self.direct or not self.reading.is_set():
            return False
        self.writes += 1
        self.written += frames
        return True

    async def write(self, frame: bytes) -> None:
        await self.reading.wait()
        self.writes += 1
        self.written.append(frame)

    async def close(self, code: int, reason: str) -> None:
        self.closed_with = code

    def encode(self, event: Event) -> bytes:
        return event.native

    def encode_ack(self, ref: Any, data: bytes) -> bytes:
        return data

    def encode_error(self, ref: Any, error: DomainError) -> bytes:
        return error.code.encode()


async def seat(runtime: ProcessRuntime, group: str, login_id: str = "") -> tuple[LiveSession, Wire]:
    """Return a session of user 1 in the group, without the apps' hooks."""
    wire = Wire()
    session = LiveSession(wire, runtime)
    session.identity, session.user_id = Identity("1", login_id, None), "1"
    runtime.sessions.add(session)
    await session.subscribe(group)
    return session, wire
