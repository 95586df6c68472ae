"""The interfaces of a live session and of its process, for the apps.

`session.LiveSession` and `runtime.ProcessRuntime` implement them. They have a module of their own because the two
classes need each other, and the registry needs both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from chatsite.database.batch_loader import AnswerT, QuestionT
from chatsite.errors import DomainError
from chatsite.realtime.app_state import AppState
from chatsite.realtime.hub import Hub
from chatsite.realtime.identity import Identity

Spawn = Callable[[str, Callable[[], Awaitable[None]]], None]


class Runtime(Protocol):
    """One server process."""

    loop: asyncio.AbstractEventLoop
    hub: Hub
    sessions: set[Session]  # the signed-in sessions
    requests: int  # the HTTP requests in progress
    is_stopping: bool  # the process shuts down and accepts no new work
    state: AppState

    async def ask(
        self, answer: Callable[[list[QuestionT]], Sequence[AnswerT | DomainError]], question: QuestionT
    ) -> AnswerT:
        """Return the answer to `question`. Questions asked at the same time are answered in one batch."""
        ...

    def limit_openings(self) -> AbstractAsyncContextManager[None]:
        """Limit how many sockets are authenticated at once. Raise `DomainError` "unavailable" after a long wait."""
        ...

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` in the background. An exception is logged."""

    def spawn_forever(self, name: str, every: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` every `every` seconds. An exception is logged, and the next run follows."""


class Session(Protocol):
    """One connected user, on any transport."""

    id: str
    user_id: str
    identity: Identity | None
    groups: list[str]
    expiry_warned: bool  # `session_expiring` has been sent for the current token
    state: AppState
    runtime: Runtime

    @property
    def transport_kind(self) -> str:
        """`native`, `socketio` or `polling`."""
        ...

    @property
    def waiting(self) -> tuple[int, int]:
        """Return the number of frames that wait for the socket, and the number of their bytes."""
        ...

    @property
    def is_closing(self) -> bool: ...

    async def subscribe(self, group: str) -> None:
        """Subscribe to the group. When this returns, its events are delivered."""

    def unsubscribe(self, group: str) -> None: ...

    def send(self, name: str, data: Any) -> None:
        """Send an event to this socket alone."""

    def deliver(self, event: Any) -> None:
        """Take an event from the hub."""

    def close_soon(self, code: int, reason: str) -> None:
        """Close the socket after the queued frames have been written."""
