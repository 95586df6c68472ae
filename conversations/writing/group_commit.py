"""Group commit: one transaction writes all queued changes.

While one batch is being committed, new changes queue, and the next transaction writes them as one batch. A thousand
sends a second cost a few dozen commits. A send does not wait if no transaction is under way. Every send is acknowledged
after its COMMIT.

On PostgreSQL up to three transactions run at the same time, so that one batch is prepared while the database commits
another. Each transaction has a fixed cost. So a concurrent one begins only for `MANY` changes, or for fewer that have
waited for `LONG`.
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
from chatsite.realtime.broadcast import collect_broadcasts
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Runtime
from conversations.writing.requests import Outcome, Request, Send
from conversations.writing.write_batch import write
from conversations.writing.write_queue import Answer, QueuedChange, WriteQueue

logger = logging.getLogger(__name__)

MANY: Final = 32  # changes that justify a concurrent transaction
LONG: Final = 0.002  # seconds of waiting after which fewer changes justify one too


class Writer:
    """Belongs to one event loop. `submit` never blocks."""

    def __init__(self, runtime: Runtime) -> None:
        count = WRITERS if connection.vendor == "postgresql" else 1  # SQLite has one writer at a time
        self.threads = [
            ThreadPoolExecutor(1, thread_name_prefix=f"writer-{number}") for number in range(count)
        ]
        self._free = list(self.threads)  # a stack, so that few connections are idle
        self._runtime = runtime
        self._loop = runtime.loop
        self._queue = WriteQueue(parts=count, many=MANY)
        self._is_planned = False  # whether `_begin` will run in the next turn of the loop
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting = 0  # changes in the queue
        self._most: int = settings.CHAT.waiting_changes
        self._most_at_once: int = settings.CHAT.batch_changes

    def submit(self, change: Request, answer: Answer) -> asyncio.Future[Any]:
        """Queue a change. The future gets `answer(outcome)` after the commit, or the `DomainError` of the refusal."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self.waiting >= self._most:
            error = DomainError(
                "unavailable", "Too many messages are waiting to be stored. Please retry.", {"retryAfter": 1}
            )
            future.set_exception(error)
            measures.writer_refusals.add()
            return future
        self.waiting += 1
        self._queue.put(QueuedChange(change, answer, future, perf_counter()))
        self._idle.clear()
        if self._free and not self._is_planned:
            self._is_planned = True
            self._loop.call_soon(self._begin)
        return future

    def _begin(self) -> None:
        """Begin the transactions that the queue justifies. Runs once for all changes of one turn of the loop."""
        self._is_planned = False
        while self._free and self._queue.has_some:
            if self._queue.has_many or len(self._free) == len(self.threads):
                self._begin_one()
            else:
                if self._timer is None:
                    self._timer = self._loop.call_later(LONG, self._begin_one)
                break

    def _begin_one(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._free and self._queue.has_some:
            batch = self._queue.take(self._most_at_once)
            self.waiting -= len(batch)
            self._runtime.spawn("the writer", partial(self._commit, batch, self._free.pop()))

    async def _commit(self, batch: list[QueuedChange], thread: ThreadPoolExecutor) -> None:
        began = perf_counter()
        changes = [queued.change for queued in batch]
        events: list[Addressed] = []
        try:
            outcomes = await run_in(thread, partial(_write, changes, events))
        except Exception as error:
            logger.exception("a batch of %d changes failed", len(batch))
            outcomes = [as_domain_error(error)] * len(batch)
        for queued, outcome in zip(batch, outcomes, strict=True):
            _resolve(queued, outcome)
        self._publish(events)
        _measure(batch, began)
        self._queue.give_back(batch)
        self._free.append(thread)
        self._begin()
        if len(self._free) == len(self.threads):
            self._idle.set()

    def _publish(self, events: list[Addressed]) -> None:
        """Send the events in the same turn of the loop as the answers, so that a socket gets both with one write."""
        try:
            self._runtime.hub.publish(events)
        except Exception:
            logger.exception("%d events of committed changes could not be sent", len(events))

    async def drain(self) -> None:
        """Wait until everything submitted so far has been committed or refused."""
        await self._idle.wait()


def _measure(batch: list[QueuedChange], began: float) -> None:
    now = perf_counter()
    measures.batch_changes.observe(len(batch))
    measures.commit_seconds.observe(now - began)
    measures.ack_seconds.observe_all([now - queued.since for queued in batch if type(queued.change) is Send])


def _resolve(queued: QueuedChange, outcome: Outcome) -> None:
    future = queued.future
    if future.done():  # the client went away
        return
    if isinstance(outcome, DomainError):
        future.set_exception(outcome)
        future.exception()  # nobody awaits some receipts; this keeps asyncio from logging them
        return
    try:
        future.set_result(queued.answer(outcome))
    except Exception as error:
        logger.exception("the answer to a change that was written could not be made")
        future.set_exception(as_domain_error(error))


def _write(changes: Sequence[Request], events: list[Addressed]) -> list[Outcome]:
    """Write the changes on a thread, and append the events of what was committed."""
    with collect_broadcasts(events):
        return write_apart_if_needed(changes)


def write_apart_if_needed(changes: Sequence[Request]) -> list[Outcome]:
    """Write the changes. If the database refuses one of them, write each in a transaction of its own.

    If the connection is lost, all changes get `unavailable` and nothing is retried here, because the COMMIT may have
    succeeded. A client that retries finds its message by the client id.
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
    """Return the process's writer."""
    return runtime.state.get(Writer, lambda: Writer(runtime))
