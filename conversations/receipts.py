"""Collect delivered receipts.

A message is delivered when a live socket of the other side receives it, or when the other side fetches it. Under load
that doubles the number of writes, so the process collects receipts for a moment. It collects them for longer while
more messages are received, so that a conversation needs fewer updates. The next batch of the group commit writes the
receipts with a few statements. If the process dies before, the messages stay `sent` until the reader's next fetch or
sync.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final
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

MOST_DELAYS: Final = 5  # of `receipt_delay`, while more messages are received


class DeliveryCollector:
    """The messages that sockets of this process have received since the last flush."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: dict[tuple[str, str], tuple[str, dict[str, float]]] = {}  # the time of each message
        self._scheduled = False
        self._delays = 0  # since the first of these messages
        self._is_growing = False  # whether there are new ones since the last delay began

    def add(self, conversation_id: str, message_id: str, sender_side: str, user_id: str) -> None:
        """Note a message. The first socket of the other side that receives it counts for all."""
        _, ids = self._seen.setdefault((conversation_id, sender_side), (user_id, {}))
        ids.setdefault(message_id, time.time())
        self._is_growing = True
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._scheduled = True
        self._is_growing = False
        self._runtime.loop.call_later(limits().receipt_delay, self._flush_unless_growing)

    def _flush_unless_growing(self) -> None:
        self._delays += 1
        if self._is_growing and self._delays < MOST_DELAYS:
            self._schedule()
        else:
            self.flush()

    def flush(self) -> None:
        self._scheduled = False
        self._delays = 0
        seen, self._seen = self._seen, {}
        writer = writer_of(self._runtime)
        for (conversation_id, _), (user_id, ids) in seen.items():
            measures.delivery_seconds.observe_all(_delivery_seconds(ids))
            receipt = Receipt(
                UUID(conversation_id),
                user_key(user_id),
                "delivered",
                [UUID(message_id) for message_id in ids],
            )
            _ = writer.submit(receipt, lambda outcome: outcome)  # the next fetch or sync repairs a failure


def flush(runtime: Runtime) -> None:
    """Submit the collected receipts now."""
    collector = runtime.state.find(DeliveryCollector)
    if collector is not None:
        collector.flush()


def _delivery_seconds(handed: Mapping[str, float]) -> list[float]:
    """Return how long each message took. Its id is a UUID 7, which begins with the time of the message in ms."""
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
