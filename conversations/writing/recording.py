"""Let other apps record what a change did, in the transaction of the change.

An app appends a function to `recorders` in `AppConfig.ready`. It gets the events of the conversations whose business is
marked with `changes_recorded`. For other businesses a change costs nothing more: it reads the mark with the business,
under the lock, so the mark is never stale.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

from chatsite.realtime import groups
from chatsite.realtime.hub import Addressed
from conversations.models import Conversation


@dataclass(frozen=True, slots=True)
class Change:
    """An event that everybody in a conversation sees. `data` is its JSON."""

    conversation: Conversation
    event: str
    rev: int
    data: bytes


# Called inside the transaction, with changes in the order of each conversation's `rev`.
recorders: Final[list[Callable[[list[Change]], None]]] = []


def record_changes(conversations: Collection[Conversation], events: Iterable[Addressed]) -> None:
    """Pass the events of these conversations to the recorders, if their business is marked."""
    if not recorders or all(
        conversation.business.changes_recorded is False for conversation in conversations
    ):
        return
    by_group = {
        groups.conversation(conversation.pk): conversation
        for conversation in conversations
        if conversation.business.changes_recorded is not False
    }
    changes = [
        Change(by_group[group], event.name, event.rev, event.data)
        for group, event in events
        if group in by_group
    ]
    if changes:
        for record in recorders:
            record(changes)
