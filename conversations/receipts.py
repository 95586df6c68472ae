"""Delivered receipts, gathered.

A message is delivered when it has been handed to a live socket of the other side, or fetched by it. Under load that is
every message once more, so what sockets report is collected for a moment and written with the next batch of the group
commit: a few statements, not one for each message. A process that dies before that leaves messages `sent`, and the
next fetch or sync of the reader delivers them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from uuid import UUID

from chatsite.config.limits import limits
from chatsite.observability.metrics import measures
from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.interfaces import Runtime, Session
from conversations.access import user_key
from conversations.events import MessageNote
from conversations.models import Side
from conversations.writing.group_commit import writer_of
from conversations.writing.requests import Receipt


class DeliveryCollector:
    """What this process's sockets have been handed since the last flush."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: dict[tuple[str, str], tuple[str, dict[str, float]]] = {}  # by message: when
        self._scheduled = False

    def add(self, conversation_id: str, message_id: str, sender_side: str, user_id: str) -> None:
        """The first socket of the other side that gets a message reports for all."""
        _, ids = self._seen.setdefault((conversation_id, sender_side), (user_id, {}))
        ids.setdefault(message_id, time.time())
        if not self._scheduled:
            self._scheduled = True
            self._runtime.loop.call_later(limits().receipt_delay, self.flush)

    def flush(self) -> None:
        self._scheduled = False
        seen, self._seen = self._seen, {}
        writer = writer_of(self._runtime)
        for (conversation_id, _), (user_id, ids) in seen.items():
            measures.delivery_seconds.observe_all(_ways(ids))
            receipt = Receipt(
                UUID(conversation_id),
                user_key(user_id),
                "delivered",
                [UUID(message_id) for message_id in ids],
            )
            _ = writer.submit(
                receipt, lambda outcome: outcome
            )  # a failure is found by the next fetch or sync


def flush(runtime: Runtime) -> None:
    """Hand what has been gathered to the writer now."""
    collector = runtime.state.find(DeliveryCollector)
    if collector is not None:
        collector.flush()


def _ways(handed: Mapping[str, float]) -> list[float]:
    """How long each message took. Its id, a UUID 7, begins with the milliseconds of its writing."""
    return [
        max(0.0, at - int(message_id[:8] + message_id[9:13], 16) / 1000) for message_id, at in handed.items()
    ]


def _on_delivered(session: Session, event: Event) -> None:
    note = event.note_as(MessageNote)
    reader_side = Side.CUSTOMER if session.user_id == note.customer_id else Side.BUSINESS
    if note.sender_side in (reader_side, Side.SYSTEM):
        return
    runtime = session.runtime
    collector = runtime.state.get(DeliveryCollector, lambda: DeliveryCollector(runtime))
    collector.add(note.conversation_id, note.message_id, note.sender_side, session.user_id)


registry.on_delivered["new_message"] = _on_delivered
