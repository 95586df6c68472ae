"""Conversations whose last change may have been committed, though nobody was told of it.

When the connection is lost at the COMMIT, the change may stand and its events are never sent. As soon as the database
answers again, each conversation is shown to both sides as it stands. A client that knows less sees a gap in `rev` and
asks with `sync`; it need not wait for the next message or heartbeat.
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

from chatsite.database.threads import drop_broken_connections, in_database_thread
from chatsite.errors import LOST_DATABASE, is_database_unavailable
from chatsite.observability.metrics import measures
from chatsite.realtime.broadcast import broadcast
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Runtime
from chatsite.realtime.runtime import running_runtime
from conversations.writing import own_marks
from conversations.writing.conversation_sql import lock_conversations

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 0.5  # between two attempts to read
COMMAND_SECONDS: Final = (
    30.0  # for which a process without a runtime, such as a management command, tries to read
)
READ_AT_ONCE: Final = 500  # conversations
LOCK_SECONDS: Final = 2


@contextmanager
def watched_transaction(conversation_ids: Collection[UUID]) -> Iterator[None]:
    """A transaction that changes these conversations. Ids may be added while it runs.

    Inside another transaction it is a savepoint, and the COMMIT of the outer one is watched.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
        _watch_outer_transaction(set(conversation_ids))
        return
    is_committing = False
    try:
        with transaction.atomic():
            yield
            is_committing = True
    except LOST_DATABASE:
        if is_committing and conversation_ids:
            _show_later(set(conversation_ids))
        raise


def _show_later(conversation_ids: set[UUID]) -> None:
    runtime = running_runtime()
    if runtime is not None:
        runtime.loop.call_soon_threadsafe(_note, runtime, conversation_ids)
    else:
        _show_now(conversation_ids)


def _watch_outer_transaction(conversation_ids: set[UUID]) -> None:
    """The COMMIT is somebody else's, so its failure does not pass through here: only its success is told.

    The conversations are noted now and forgotten after the COMMIT. Reading them takes their locks, so it waits until
    the transaction has ended. A process without a runtime does not watch.
    """
    runtime = running_runtime()
    if runtime is not None and conversation_ids:
        runtime.loop.call_soon_threadsafe(_note, runtime, conversation_ids)
        transaction.on_commit(partial(runtime.loop.call_soon_threadsafe, _forget, runtime, conversation_ids))


@dataclass
class _Unconfirmed:
    """The notes of a process: conversations to be shown. The same conversation may be in several notes."""

    notes: list[set[UUID]] = field(default_factory=list)
    is_showing: bool = False


def _notes_of(runtime: Runtime) -> _Unconfirmed:
    return runtime.state.get(_Unconfirmed, _Unconfirmed)


def _note(runtime: Runtime, conversation_ids: set[UUID]) -> None:
    unconfirmed = _notes_of(runtime)
    unconfirmed.notes.append(conversation_ids)
    if not unconfirmed.is_showing:
        unconfirmed.is_showing = True
        runtime.spawn("showing what may have been committed", partial(_show_noted, runtime, unconfirmed))


def _forget(runtime: Runtime, conversation_ids: set[UUID]) -> None:
    unconfirmed = _notes_of(runtime)
    unconfirmed.notes = [note for note in unconfirmed.notes if note is not conversation_ids]


async def _show_noted(runtime: Runtime, unconfirmed: _Unconfirmed) -> None:
    try:
        while unconfirmed.notes:
            await asyncio.sleep(RETRY_SECONDS)
            # Taken out before they are read: what is noted meanwhile is to be shown once more.
            notes, unconfirmed.notes = unconfirmed.notes, []
            ids = sorted(set[UUID]().union(*notes))
            if not ids:  # all have been committed
                continue
            if len(ids) > READ_AT_ONCE:
                unconfirmed.notes.append(set(ids[READ_AT_ONCE:]))
            try:
                shown = await in_database_thread(_read, ids[:READ_AT_ONCE])
            except (DatabaseError, InterfaceError) as error:
                if not is_database_unavailable(error):
                    raise
                logger.info("what may have been committed is shown later: %s", error)
                unconfirmed.notes.append(set(ids[:READ_AT_ONCE]))
            else:
                runtime.hub.publish(shown)
                measures.conversations_resent.add(len(ids))
    finally:
        unconfirmed.is_showing = False


def _show_now(conversation_ids: set[UUID]) -> None:
    """Without a runtime: wait for the database on this thread."""
    ids = sorted(conversation_ids)
    until = time.monotonic() + COMMAND_SECONDS
    while ids and time.monotonic() < until:
        time.sleep(RETRY_SECONDS)
        drop_broken_connections(has_failed=True)
        try:
            shown = _read(ids[:READ_AT_ONCE])
        except (DatabaseError, InterfaceError) as error:
            if not is_database_unavailable(error):
                raise
            logger.info("what may have been committed is shown later: %s", error)
        else:
            broadcast(shown)
            ids = ids[READ_AT_ONCE:]
    if ids:
        logger.warning("%d conversations that may have changed were not shown", len(ids))


def _read(conversation_ids: list[UUID]) -> list[Addressed]:
    """The conversations as they stand, read under their locks: the database may still be busy with the lost COMMIT.
    The lock is not waited for without end, since the thread serves others too."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {int(LOCK_SECONDS * 1_000)}")
        return own_marks.updates_of(lock_conversations(conversation_ids).values())
