"""Group commit: a transaction for all that waits, a few of them at a time.

While a batch is being committed, the next changes queue up; then they are written together. So a thousand sends a
second cost a few dozen commits, a send that finds nothing under way waits for nobody, and each is acknowledged only
after its COMMIT.

On PostgreSQL a second and a third transaction run beside the first, so that batches are prepared while the database
works on others. But every transaction has its price, however little it holds: one begins beside others only for many
changes, or for some that have waited for long, as when another process holds the lock of a conversation.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from chatsite.database.threads import WRITERS, drop_broken_connections, run_in
from chatsite.errors import DomainError, as_domain_error, is_database_unavailable
from chatsite.observability.metrics import measures
from chatsite.realtime.interfaces import Runtime
from conversations.writing.requests import Outcome, Request, Send
from conversations.writing.write_batch import write
from conversations.writing.write_queue import Answer, Queue, Waiting

logger = logging.getLogger(__name__)

MANY: Final = 32  # changes that are worth a transaction beside those under way
LONG: Final = 0.03  # seconds after which fewer are, too


class Writer:
    """Belongs to one event loop. `submit` never blocks."""

    def __init__(self, runtime: Runtime) -> None:
        count = WRITERS if connection.vendor == "postgresql" else 1  # SQLite has one writer at a time
        self.threads = [
            ThreadPoolExecutor(1, thread_name_prefix=f"writer-{number}") for number in range(count)
        ]
        self._free = list(self.threads)  # the last one is used first, so that few connections rest
        self._runtime = runtime
        self._loop = runtime.loop
        self._queue = Queue(parts=count, many=MANY)
        self._is_planned = False  # that what waits is looked at, in the next turn of the loop
        self._patience: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting = 0  # changes that wait for their transaction
        self._most: int = settings.CHAT.waiting_changes
        self._most_at_once: int = settings.CHAT.batch_changes

    def submit(self, change: Request, answer: Answer) -> asyncio.Future[Any]:
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
        self._queue.put(Waiting(change, answer, future, perf_counter()))
        self._idle.clear()
        if self._free and not self._is_planned:
            self._is_planned = True
            self._loop.call_soon(self._begin)
        return future

    def _begin(self) -> None:
        """Begin the transactions that are worth it, once for all that is submitted in a turn of the loop."""
        self._is_planned = False
        while self._free and self._queue.has_some:
            if self._queue.has_many or len(self._free) == len(self.threads):
                self._begin_one()
            else:
                if self._patience is None:
                    self._patience = self._loop.call_later(LONG, self._begin_one)
                break

    def _begin_one(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if self._free and self._queue.has_some:
            batch = self._queue.take(self._most_at_once)
            self.waiting -= len(batch)
            self._runtime.spawn("the writer", partial(self._commit, batch, self._free.pop()))

    async def _commit(self, batch: list[Waiting], thread: ThreadPoolExecutor) -> None:
        began = perf_counter()
        changes = [waiting.change for waiting in batch]
        try:
            outcomes = await run_in(thread, partial(write_apart_if_needed, changes))
        except Exception as error:
            logger.exception("a batch of %d changes failed", len(batch))
            outcomes = [as_domain_error(error)] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            _resolve(waiting, outcome)
        _measure(batch, began)
        self._queue.give_back(batch)
        self._free.append(thread)
        self._begin()
        if len(self._free) == len(self.threads):
            self._idle.set()

    async def drain(self) -> None:
        """Wait until everything submitted so far has been committed or refused."""
        await self._idle.wait()


def _measure(batch: list[Waiting], began: float) -> None:
    now = perf_counter()
    measures.batch_changes.observe(len(batch))
    measures.commit_seconds.observe(now - began)
    measures.ack_seconds.observe_all(
        [now - waiting.since for waiting in batch if type(waiting.change) is Send]
    )


def _resolve(waiting: Waiting, outcome: Outcome) -> None:
    future = waiting.future
    if future.done():  # the client went away
        return
    if isinstance(outcome, DomainError):
        future.set_exception(outcome)
        future.exception()  # a receipt that nobody waits for may fail unheard
        return
    try:
        future.set_result(waiting.answer(outcome))
    except Exception as error:
        logger.exception("the answer to a change that was written could not be made")
        future.set_exception(as_domain_error(error))


def write_apart_if_needed(changes: Sequence[Request]) -> list[Outcome]:
    """`write`, but one change that the database will not take does not fail the others.

    Where the connection was lost the sends get `unavailable`, and nothing is tried again here: if it was the COMMIT
    that was lost, nobody knows what became of it, and the retry of a client finds its message by the client id.
    """
    try:
        return write(changes)
    except (DatabaseError, InterfaceError) as error:
        if is_database_unavailable(error):
            logger.warning("%d changes could not be written: %s", len(changes), error)
            drop_broken_connections()
            measures.failed_changes.add(len(changes))
            return [as_domain_error(error)] * len(changes)
        if len(changes) == 1:
            logger.exception("the database refused a change")
            measures.failed_changes.add()
            return [as_domain_error(error)]
        return [write_apart_if_needed([change])[0] for change in changes]


def writer_of(runtime: Runtime) -> Writer:
    """The process's writer."""
    return runtime.state.get(Writer, lambda: Writer(runtime))
