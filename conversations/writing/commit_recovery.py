"""Changes of which nobody knows whether they were committed.

Where the connection is lost at its COMMIT a change may stand, and its events are never told. As soon as the database
answers again each such conversation is shown as it stands: whoever knows less sees a gap in `rev` and asks with `sync`,
without having to wait for the next message or for a heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from chatsite.database.threads import in_database_thread
from chatsite.errors import LOST_DATABASE
from chatsite.observability.metrics import measures
from chatsite.realtime.runtime import Runtime, running_runtime
from conversations import events
from conversations.models import Conversation
from conversations.writing.conversation_rows import lock_heads

logger = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 0.5  # after which the database is asked, and asked again
AT_ONCE: Final = 500  # conversations
LOCK_SECONDS: Final = 2


@contextmanager
def shown_if_unsure(conversation_ids: Collection[UUID]) -> Iterator[None]:
    """Around the transaction that changes these conversations; they may be added while it runs."""
    try:
        yield
    except LOST_DATABASE:
        runtime = running_runtime()
        if runtime is not None and conversation_ids:
            runtime.loop.call_soon_threadsafe(_note, runtime, set(conversation_ids))
        raise


@dataclass
class _Unsure:
    """A process's conversations that are to be shown."""

    ids: set[UUID] = field(default_factory=set)
    is_showing: bool = False


def _note(runtime: Runtime, conversation_ids: set[UUID]) -> None:
    unsure: _Unsure = runtime.state.setdefault("unsure", _Unsure())
    unsure.ids |= conversation_ids
    if not unsure.is_showing:
        unsure.is_showing = True
        runtime.spawn("showing what may have been committed", partial(_show, runtime, unsure))


async def _show(runtime: Runtime, unsure: _Unsure) -> None:
    try:
        while unsure.ids:
            await asyncio.sleep(AGAIN_SECONDS)
            # Taken out before they are read: what is lost meanwhile is to be shown once more.
            part = sorted(unsure.ids)[:AT_ONCE]
            unsure.ids.difference_update(part)
            try:
                shown = await in_database_thread(_as_they_stand, part)
            except LOST_DATABASE as error:
                logger.info("what may have been committed is shown later: %s", error)
                unsure.ids.update(part)
            else:
                runtime.hub.publish(events.conversations_updated(shown))
                measures.heads_shown.add(len(shown))
    finally:
        unsure.is_showing = False


def _as_they_stand(conversation_ids: list[UUID]) -> list[Conversation]:
    """Under their locks: the database may be busy with the lost COMMIT still. It is not waited for without end, since
    the thread serves others too."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {int(LOCK_SECONDS * 1_000)}")
        return list(lock_heads(conversation_ids).values())
