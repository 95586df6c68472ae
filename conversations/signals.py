"""Signals for the host project: what has happened in a conversation, once it is committed.

    from conversations.signals import message_stored

    @receiver(message_stored)
    def count(sender, conversation, message, **kwargs): ...

The product itself connects nothing to them: changes never depend on a receiver. A receiver that raises is logged, and
stops neither the change nor the other receivers. `docs/signals.md` lists the signals and their arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec
from django.dispatch import Signal

from chatsite.database.after_commit import after_commit
from chatsite.realtime import groups
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from conversations.models import Conversation
from conversations.payloads import ConversationEvent, DeliveredEvent, MessageEvent, ReadEvent

conversation_opened: Final = Signal()
message_stored: Final = Signal()
message_edited: Final = Signal()
message_deleted: Final = Signal()
messages_delivered: Final = Signal()
messages_read: Final = Signal()
person_erased: Final = Signal()

_SIGNALS: Final[dict[str, tuple[Signal, type[msgspec.Struct]]]] = {
    "conversation_created": (conversation_opened, ConversationEvent),
    "message_deleted": (message_deleted, MessageEvent),
    "message_edited": (message_edited, MessageEvent),
    "messages_delivered": (messages_delivered, DeliveredEvent),
    "messages_read": (messages_read, ReadEvent),
    "new_message": (message_stored, MessageEvent),
}
# Arguments that every receiver gets as the conversation, or that are no news.
_LEFT_OUT: Final = {"conversation", "conversation_id", "rev"}


def send_on_commit(conversations: Collection[Conversation], events: Iterable[Addressed]) -> None:
    """Send the signals of these events after the COMMIT. Costs next to nothing without receivers."""
    if not any(signal.has_listeners() for signal, _ in _SIGNALS.values()):
        return
    by_group = {groups.conversation(conversation.pk): conversation for conversation in conversations}
    told = [
        (by_group[group], event) for group, event in events if group in by_group and event.name in _SIGNALS
    ]
    if told:
        after_commit(_send, told)


def send_person_erased(user_id: Any) -> None:
    """Send `person_erased` after the COMMIT."""
    after_commit(person_erased.send_robust, sender=Conversation, user_id=user_id)


def _send(told: list[tuple[Conversation, Event]]) -> None:
    for conversation, event in told:
        signal, struct = _SIGNALS[event.name]
        if signal.has_listeners():
            data = event.data_as(struct)
            arguments = {
                name: getattr(data, name) for name in struct.__struct_fields__ if name not in _LEFT_OUT
            }
            # `send_robust` logs what a receiver raises.
            signal.send_robust(sender=Conversation, conversation=conversation, rev=event.rev, **arguments)
