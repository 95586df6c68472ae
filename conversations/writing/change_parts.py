"""What a package of this app adds to every `ConversationChange`: rows of its own that change under the same locks.

    @change_part
    class TeamPart: ...

    change.parts.get(TeamPart).save(...)

The change does not know these packages. It commits their rows and sends their events with its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar, cast
from uuid import UUID

from chatsite.realtime.hub import Addressed
from conversations.models import Conversation
from conversations.serializers import MessageObject


class ChangePart(Protocol):
    """One object for each change. `events` are sent after the COMMIT; `recorded` goes to the recorders alone."""

    events: list[Addressed]
    recorded: list[Addressed]

    def __init__(self, now: datetime) -> None: ...

    def ask(self, ids: Collection[UUID]) -> None:
        """Send the queries for the rows. Called while the conversations are being locked."""

    def attach(self, conversations: Mapping[UUID, Conversation]) -> None:
        """Read the results. Called when the conversations are locked."""

    def message_added(self, conversation: Conversation, message: MessageObject) -> None:
        """Called before a new message is inserted."""

    def write(self) -> None:
        """Write the changed rows, and fill `events` and `recorded`."""


PartT = TypeVar("PartT", bound=type[Any])
PartObjectT = TypeVar("PartObjectT")
_kinds: Final[list[type[ChangePart]]] = []


def change_part(kind: PartT) -> PartT:
    """Add a part to every change. Apply it while Django starts."""
    _kinds.append(kind)
    return kind


class ChangeParts:
    """The parts of one change."""

    def __init__(self, now: datetime, ids: Collection[UUID]) -> None:
        self._parts: dict[type[ChangePart], ChangePart] = {kind: kind(now) for kind in _kinds}
        if ids:
            self.ask(ids)

    def get(self, kind: type[PartObjectT]) -> PartObjectT:
        return cast(PartObjectT, self._parts[cast(type[ChangePart], kind)])

    def ask(self, ids: Collection[UUID]) -> None:
        for part in self._parts.values():
            part.ask(ids)

    def attach(self, conversations: Mapping[UUID, Conversation]) -> None:
        for part in self._parts.values():
            part.attach(conversations)

    def message_added(self, conversation: Conversation, message: MessageObject) -> None:
        for part in self._parts.values():
            part.message_added(conversation, message)

    def write(self) -> None:
        for part in self._parts.values():
            part.write()

    @property
    def events(self) -> list[Addressed]:
        return [event for part in self._parts.values() for event in part.events]

    @property
    def recorded(self) -> list[Addressed]:
        return [event for part in self._parts.values() for event in part.recorded]
