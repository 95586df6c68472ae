"""Catching up: call the hooks that send clients what they missed, until each of them has succeeded.

An outage of Redis often comes with one of PostgreSQL, so a hook may fail at first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, Generic, TypeVar

from chatsite.realtime.interfaces import Spawn

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 1.0  # until the second call of a hook that failed; doubled for each further one
LONGEST_RETRY_SECONDS: Final = 10.0

TargetT = TypeVar("TargetT")
Hook = Callable[[TargetT, datetime], Awaitable[None]]


class CatchUp(Generic[TargetT]):
    """The hooks that are due for a session or a process, each with the time since which events were missed.

    Requests that arrive within `gather_seconds` share one call of each hook, with the earliest time.
    """

    def __init__(
        self,
        target: TargetT,
        hooks: Sequence[Hook[TargetT]],
        spawn: Spawn,
        is_over: Callable[[], bool],
        gather_seconds: float = 0.0,
    ) -> None:
        self._target = target
        self._hooks = hooks
        self._spawn = spawn
        self._is_over = is_over
        self._gather_seconds = gather_seconds
        self._due: dict[Hook[TargetT], datetime] = {}
        self._is_running = False

    def request(self, since: datetime) -> None:
        for hook in self._hooks:
            self._add(hook, since)
        if not self._is_running:
            self._is_running = True
            self._spawn("catching up", self._run)

    def _add(self, hook: Hook[TargetT], since: datetime) -> None:
        self._due[hook] = min(since, self._due.get(hook, since))

    async def _run(self) -> None:
        wait, retry = self._gather_seconds, RETRY_SECONDS
        try:
            while self._due:
                await asyncio.sleep(wait)
                due, self._due = self._due, {}
                for hook, since in due.items():
                    await self._call(hook, since)
                wait, retry = retry, min(2 * retry, LONGEST_RETRY_SECONDS)
        finally:
            self._is_running = False

    async def _call(self, hook: Hook[TargetT], since: datetime) -> None:
        if self._is_over():
            return
        try:
            await hook(self._target, since)
        except Exception:
            logger.exception("catching up failed, and is tried again")
            self._add(hook, since)
