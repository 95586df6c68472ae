"""Recover from a connection that was lost during the COMMIT.

The change may have been committed, but its events were not sent. As soon as the database answers again, both sides get
`conversation_updated` with the current state of each conversation concerned. A client that has missed something sees a
gap in `rev` and uses `sync`, without waiting for the next message or heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection, transaction

from chatsite.database.pipeline import commit, pipelined
from chatsite.database.threads import drop_broken_connections, in_database_thread
from chatsite.errors import LOST_DATABASE, is_database_unavailable
from chatsite.observability.metrics import measures
from chatsite.realtime.broadcast import broadcast
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Runtime
from chatsite.realtime.runtime import running_runtime
from conversations.writing import unread_marks
from conversations.writing.conversation_sql import lock_conversations

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 0.5  # between two attempts to read
COMMAND_SECONDS: Final = (
    30.0  # how long a process without a runtime, such as a management command, tries to read
)
READ_AT_ONCE: Final = 500  # conversations
LOCK_SECONDS: Final = 2


@contextmanager
def watched_transaction(conversation_ids: Collection[UUID]) -> Iterator[None]:
    """Run a transaction that changes these conversations. Ids may be added to the collection while it runs.

    Its statements are a pipeline, and the last ones are sent with the COMMIT. Inside another transaction this is a
    savepoint, and the COMMIT of the outer transaction is watched.
    """
    if connection.in_atomic_block:
        with transaction.atomic(), pipelined():
            yield
        _watch_outer_transaction(set(conversation_ids))
        return
    is_committing = False
    try:
        with transaction.atomic(), pipelined():
            yield
            is_committing = True
            commit()
    except LOST_DATABASE:
        if is_committing and conversation_ids:
            _resend_later(set(conversation_ids))
        raise


def _resend_later(conversation_ids: set[UUID]) -> None:
    runtime = running_runtime()
    if runtime is not None:
        runtime.loop.call_soon_threadsafe(_remember, runtime, conversation_ids)
    else:
        _resend_now(conversation_ids)


def _watch_outer_transaction(conversation_ids: set[UUID]) -> None:
    """Watch a COMMIT that other code runs. `on_commit` reports only its success.

    So the conversations are remembered now and forgotten after the COMMIT. They are not resent before the transaction
    ends, because reading them takes their locks. A process without a runtime does not watch.
    """
    runtime = running_runtime()
    if runtime is not None and conversation_ids:
        runtime.loop.call_soon_threadsafe(_remember, runtime, conversation_ids)
        transaction.on_commit(partial(runtime.loop.call_soon_threadsafe, _forget, runtime, conversation_ids))


@dataclass
class _Unconfirmed:
    """The conversations that a process must resend, by transaction. Several sets may contain the same conversation."""

    transactions: list[set[UUID]] = field(default_factory=list)
    is_resending: bool = False


def _unconfirmed_of(runtime: Runtime) -> _Unconfirmed:
    return runtime.state.get(_Unconfirmed, _Unconfirmed)


def _remember(runtime: Runtime, conversation_ids: set[UUID]) -> None:
    unconfirmed = _unconfirmed_of(runtime)
    unconfirmed.transactions.append(conversation_ids)
    if not unconfirmed.is_resending:
        unconfirmed.is_resending = True
        runtime.spawn("resending conversations", partial(_resend, runtime, unconfirmed))


def _forget(runtime: Runtime, conversation_ids: set[UUID]) -> None:
    unconfirmed = _unconfirmed_of(runtime)
    unconfirmed.transactions = [ids for ids in unconfirmed.transactions if ids is not conversation_ids]


async def _resend(runtime: Runtime, unconfirmed: _Unconfirmed) -> None:
    try:
        while unconfirmed.transactions:
            await asyncio.sleep(RETRY_SECONDS)
            # Remove them before reading, so that ids which are added meanwhile are resent too.
            transactions, unconfirmed.transactions = unconfirmed.transactions, []
            ids = sorted(set[UUID]().union(*transactions))
            if not ids:  # all have been committed
                continue
            if len(ids) > READ_AT_ONCE:
                unconfirmed.transactions.append(set(ids[READ_AT_ONCE:]))
            try:
                found = await in_database_thread(_read, ids[:READ_AT_ONCE])
            except (DatabaseError, InterfaceError) as error:
                if not is_database_unavailable(error):
                    raise
                logger.info("conversations that may have changed will be resent later: %s", error)
                unconfirmed.transactions.append(set(ids[:READ_AT_ONCE]))
            else:
                runtime.hub.publish(found)
                measures.conversations_resent.add(len(ids))
    finally:
        unconfirmed.is_resending = False


def _resend_now(conversation_ids: set[UUID]) -> None:
    """Resend in a process without a runtime, waiting for the database on this thread."""
    ids = sorted(conversation_ids)
    until = time.monotonic() + COMMAND_SECONDS
    while ids and time.monotonic() < until:
        time.sleep(RETRY_SECONDS)
        drop_broken_connections(has_failed=True)
        try:
            found = _read(ids[:READ_AT_ONCE])
        except (DatabaseError, InterfaceError) as error:
            if not is_database_unavailable(error):
                raise
            logger.info("conversations that may have changed will be resent later: %s", error)
        else:
            broadcast(found)
            ids = ids[READ_AT_ONCE:]
    if ids:
        logger.warning("%d conversations that may have changed were not resent", len(ids))


def _read(conversation_ids: list[UUID]) -> list[Addressed]:
    """Read the conversations under their locks, because the database may still be running the lost COMMIT.

    Waiting for a lock ends after LOCK_SECONDS, because other code needs the thread too.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {int(LOCK_SECONDS * 1_000)}")
        return unread_marks.updates_of(lock_conversations(conversation_ids).values())
