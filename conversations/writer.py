"""Group commit: one writer per server process, one transaction for all that waits.

While a batch is being committed, the next changes queue up; then they are written together. So a thousand sends a
second cost a few dozen commits, a lone send waits for nobody, and each is acknowledged only after its COMMIT. Changes
keep the order in which they were submitted.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from chatsite.errors import DomainError, as_domain_error
from chatsite.realtime.database import drop_broken_connections, run_in
from chatsite.realtime.runtime import Runtime
from conversations.batch import Change, Outcome, write

logger = logging.getLogger(__name__)

Answer = Callable[[Any], Any]
_Waiting = tuple[Change, Answer, "asyncio.Future[Any]"]


class Writer:
    """Belongs to one event loop. `submit` never blocks."""

    def __init__(self, runtime: Runtime) -> None:
        self._loop = runtime.loop
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        runtime.spawn("the writer", self._run)

    def submit(self, change: Change, answer: Answer) -> asyncio.Future[Any]:
        """Queue a change. The future gets `answer(outcome)` after the commit, or the `DomainError` of the refusal."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if len(self._waiting) >= settings.CHAT.waiting_changes:
            error = DomainError(
                "unavailable", "Too much is waiting to be stored. Please retry.", {"retryAfter": 1}
            )
            future.set_exception(error)
            return future
        self._waiting.append((change, answer, future))
        self._wake.set()
        return future

    async def drain(self) -> None:
        """Wait until everything submitted so far has been committed or refused."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._idle.clear()
            while self._waiting:
                count = min(len(self._waiting), settings.CHAT.batch_changes)
                batch = [self._waiting.popleft() for _ in range(count)]
                await self._commit(batch)
            self._wake.clear()
            self._idle.set()

    async def _commit(self, batch: list[_Waiting]) -> None:
        changes = [change for change, _, _ in batch]
        try:
            outcomes = await run_in(self._thread, partial(write_apart_if_needed, changes))
        except Exception as error:
            logger.exception("a batch of %d changes failed", len(batch))
            outcomes = [as_domain_error(error)] * len(batch)
        for (_, answer, future), outcome in zip(batch, outcomes, strict=True):
            _resolve(future, answer, outcome)


def _resolve(future: asyncio.Future[Any], answer: Answer, outcome: Outcome) -> None:
    if future.done():  # the client went away
        return
    if isinstance(outcome, DomainError):
        future.set_exception(outcome)
        future.exception()  # a receipt that nobody waits for may fail unheard
    else:
        future.set_result(answer(outcome))


def write_apart_if_needed(changes: Sequence[Change]) -> list[Outcome]:
    """`write`, but one change that the database will not take does not fail the others.

    Where the connection was lost the sends get `unavailable`, and nothing is tried again here: if it was the COMMIT
    that was lost, nobody knows what became of it, and the retry of a client finds its message by the client id.
    """
    try:
        return write(changes)
    except (OperationalError, InterfaceError) as error:
        logger.warning("%d changes could not be written: %s", len(changes), error)
        drop_broken_connections()
        return [as_domain_error(error)] * len(changes)
    except DatabaseError as error:
        if len(changes) == 1:
            logger.exception("the database refused a change")
            return [as_domain_error(error)]
        return [write_apart_if_needed([change])[0] for change in changes]


def writer_of(runtime: Runtime) -> Writer:
    """The process's writer."""
    writer: Writer | None = runtime.state.get("writer")
    if writer is None:
        writer = runtime.state["writer"] = Writer(runtime)
    return writer
