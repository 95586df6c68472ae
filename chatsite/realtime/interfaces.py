"""What the apps see of a live session and of the process that serves it.

`session.LiveSession` and `runtime.ProcessRuntime` implement these. They stand here, below both, because each needs the
other and the registry needs them both.
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


class Runtime(Protocol):
    """One server process."""

    loop: asyncio.AbstractEventLoop
    hub: Hub
    sessions: set[Session]  # those that are signed in
    requests: int  # HTTP requests that are being answered
    is_stopping: bool  # the process was asked to end, and begins nothing new
    state: AppState

    async def ask(
        self, answer: Callable[[list[QuestionT]], Sequence[AnswerT | DomainError]], question: QuestionT
    ) -> AnswerT:
        """Return the answer to `question`, which is asked together with all questions that are asked now."""
        ...

    def turn_to_open(self) -> AbstractAsyncContextManager[None]:
        """Wait for the turn to look up who a socket belongs to; `DomainError` "unavailable" where it does not come."""
        ...

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` in the background. An exception is logged."""

    def spawn_forever(self, name: str, every: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` every so many seconds. An exception is logged and does not end it."""


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
        """Return the number of frames, and of their bytes, that the socket has not taken yet."""
        ...

    @property
    def is_closing(self) -> bool: ...

    async def subscribe(self, group: str) -> None:
        """Deliver the group's events from the return on."""

    def unsubscribe(self, group: str) -> None: ...

    def send(self, name: str, data: Any) -> None:
        """Send an event to this socket alone."""

    def deliver(self, event: Any) -> None:
        """Take an event from the hub."""

    def close_soon(self, code: int, reason: str) -> None:
        """Close the socket after what is queued has been written."""
