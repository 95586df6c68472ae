"""Group commit: one writer per server process, one transaction for all that waits.

While a batch is being committed, the next changes queue up; then they are written together. So a thousand sends a
second cost a few dozen commits, a lone send waits for nobody, and each is acknowledged only after its COMMIT.

On PostgreSQL there are a few lanes, so that batches are prepared while the database works on others. A conversation
always has the same lane: its changes keep the order in which they were submitted, and the lanes of a process never wait
for each other's locks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from chatsite.errors import DomainError, as_domain_error
from chatsite.metrics import measures
from chatsite.realtime.database import WRITERS, drop_broken_connections, run_in
from chatsite.realtime.runtime import Runtime
from conversations.batch import Change, Outcome, Send, write

logger = logging.getLogger(__name__)

Answer = Callable[[Any], Any]
_Waiting = tuple[Change, Answer, "asyncio.Future[Any]", float]  # the last: when it was submitted


class Writer:
    """Belongs to one event loop. `submit` never blocks."""

    def __init__(self, runtime: Runtime) -> None:
        count = WRITERS if connection.vendor == "postgresql" else 1  # SQLite has one writer at a time
        self._lanes = [_Lane(runtime, number, self._taken) for number in range(count)]
        self._loop = runtime.loop
        self.waiting = 0  # changes that wait for their transaction
        self._most: int = settings.CHAT.waiting_changes

    def submit(self, change: Change, answer: Answer) -> asyncio.Future[Any]:
        """Queue a change. The future gets `answer(outcome)` after the commit, or the `DomainError` of the refusal."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self.waiting >= self._most:
            error = DomainError(
                "unavailable", "Too much is waiting to be stored. Please retry.", {"retryAfter": 1}
            )
            future.set_exception(error)
            measures.writer_refusals.add()
            return future
        self.waiting += 1
        lane = self._lanes[change.conversation_id.int % len(self._lanes)]
        lane.put((change, answer, future, perf_counter()))
        return future

    def _taken(self, count: int) -> None:
        self.waiting -= count

    async def drain(self) -> None:
        """Wait until everything submitted so far has been committed or refused."""
        for lane in self._lanes:
            await lane.idle.wait()


class _Lane:
    """One transaction after the other, on a thread and a connection of its own."""

    def __init__(self, runtime: Runtime, number: int, taken: Callable[[int], None]) -> None:
        self._most: int = settings.CHAT.batch_changes
        self._waiting: deque[_Waiting] = deque()
        self._taken = taken
        self.idle = asyncio.Event()
        self.idle.set()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"writer-{number}")
        runtime.spawn("the writer", self._run)

    def put(self, change: _Waiting) -> None:
        self._waiting.append(change)
        self.idle.clear()
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            while self._waiting:
                count = min(len(self._waiting), self._most)
                batch = [self._waiting.popleft() for _ in range(count)]
                self._taken(count)
                await self._commit(batch)
            self._wake.clear()
            self.idle.set()

    async def _commit(self, batch: list[_Waiting]) -> None:
        began = perf_counter()
        changes = [waiting[0] for waiting in batch]
        try:
            outcomes = await run_in(self._thread, partial(write_apart_if_needed, changes))
        except Exception as error:
            logger.exception("a batch of %d changes failed", len(batch))
            outcomes = [as_domain_error(error)] * len(batch)
        for (_, answer, future, _), outcome in zip(batch, outcomes, strict=True):
            _resolve(future, answer, outcome)
        _measure(batch, began)


def _measure(batch: list[_Waiting], began: float) -> None:
    now = perf_counter()
    measures.batch_changes.observe(len(batch))
    measures.commit_seconds.observe(now - began)
    measures.ack_seconds.observe_all([now - since for change, _, _, since in batch if type(change) is Send])


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
        measures.failed_changes.add(len(changes))
        return [as_domain_error(error)] * len(changes)
    except DatabaseError as error:
        if len(changes) == 1:
            logger.exception("the database refused a change")
            measures.failed_changes.add()
            return [as_domain_error(error)]
        return [write_apart_if_needed([change])[0] for change in changes]


def writer_of(runtime: Runtime) -> Writer:
    """The process's writer."""
    writer: Writer | None = runtime.state.get("writer")
    if writer is None:
        writer = runtime.state["writer"] = Writer(runtime)
    return writer
