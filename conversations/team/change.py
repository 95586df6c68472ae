"""Change the team's side of conversations: the part that it adds to a `ConversationChange`.

    with change_conversations([conversation_id]) as change:
        team = change.parts.get(TeamPart)
        state = team.state_of(change.conversations[conversation_id])
        state.priority = TeamState.Priority.HIGH
        team.save(state)

Each change takes the next `teamRev` under the lock of the conversation. It takes no `rev`, and leaves the
conversation's row alone, so the customer's side cannot see it. A message of the customer reopens the conversation in
the transaction that stores the message.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from chatsite.database.pg_arrays import uuids
from chatsite.database.pipeline import Later, ask
from chatsite.realtime.hub import Addressed
from conversations.access import UserId, user_key
from conversations.models import Conversation, ConversationLabel, SenderKind, Side, TeamState
from conversations.serializers import MessageObject
from conversations.team import events, handover
from conversations.team.serializers import state_objects
from conversations.team_revs import remember_team_rev
from conversations.writing.change_parts import change_part

_ALL: Final = tuple(field.attname for field in TeamState._meta.concrete_fields)
_WRITTEN: Final = tuple(name for name in _ALL if name not in ("conversation_id", "business_id"))
_REOPENED: Final = (TeamState.Status.SNOOZED, TeamState.Status.RESOLVED)

# Called inside the transaction, under the lock of the conversation, after the change has been written.
status_changed: Final[list[Callable[[Conversation, TeamState], None]]] = []
handed_over: Final[list[Callable[[Conversation, TeamState], None]]] = []
assignee_changed: Final[list[Callable[[Conversation, TeamState], None]]] = []

# Called inside the transaction with a business that assigns automatically, when conversations may wait for somebody.
left_unassigned: Final[list[Callable[[UUID], None]]] = []


class Before(NamedTuple):
    """What the end of a change compares a state with."""

    status: str
    assignee_id: UserId | None
    handed_over_at: datetime | None

    @classmethod
    def of(cls, state: TeamState) -> Before:
        return cls(state.status, state.assignee_id, state.handed_over_at)


@change_part
class TeamPart:
    """The states of the locked conversations, and those that change."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.events: list[Addressed] = []
        self.recorded: list[Addressed] = []
        self._asked: list[Later] = []
        self._states: dict[UUID, TeamState] = {}
        self._before: dict[UUID, Before] = {}
        self._conversations: dict[UUID, Conversation] = {}
        self._new: dict[UUID, TeamState] = {}
        self._changed: dict[UUID, TeamState] = {}
        self._announced: dict[UUID, TeamState] = {}
        self._labels: dict[UUID, list[UUID]] = {}
        self._answered: dict[UUID, str] = {}  # who of the team has written, a bot apart
        self._unassigned: set[UUID] = set()  # businesses

    def ask(self, ids: Collection[UUID]) -> None:
        if connection.vendor == "postgresql":
            self._asked.append(ask(_read_statement(), [uuids(ids)], binary=True))
        else:
            rows = list(TeamState.objects.filter(pk__in=ids).order_by().values_list(*_ALL))
            self._asked.append(lambda: rows)

    def attach(self, conversations: Mapping[UUID, Conversation]) -> None:
        asked, self._asked = self._asked, []
        for read in asked:
            for row in read():
                state = TeamState.from_db(connection.alias, _ALL, row)
                self._states[state.pk] = state
                self._before[state.pk] = Before.of(state)
        for key, conversation in conversations.items():
            self._conversations[key] = conversation
            state_or_none = self._states.get(key)
            remember_team_rev(conversation, state_or_none.team_rev if state_or_none else 0)

    def state_of(self, conversation: Conversation) -> TeamState:
        """Return the state. A conversation without a row gets one, which the end of the change writes."""
        state = self._states.get(conversation.pk)
        if state is None:
            state = TeamState(conversation_id=conversation.pk, business_id=conversation.business_id)
            self._states[conversation.pk] = self._new[conversation.pk] = state
            self._before[conversation.pk] = Before.of(state)
        return state

    def save(self, state: TeamState) -> None:
        """Give the state the next `teamRev`, write it at the end of the change, and tell the members."""
        if state.status != TeamState.Status.PENDING or state.assignee_id is not None:
            state.handed_over_at = None
        self._announced[state.pk] = state
        self.take_rev(state)

    def take_rev(self, state: TeamState) -> int:
        """Return the next `teamRev`, for a change with its own event, such as a note."""
        state.team_rev += 1
        state.updated_at = self._now
        self._changed[state.pk] = state
        remember_team_rev(self._conversations[state.pk], state.team_rev)
        return state.team_rev

    def set_labels(self, state: TeamState, label_ids: Collection[UUID]) -> None:
        """Replace the labels. The caller saves the state."""
        self._labels[state.pk] = list(label_ids)

    def publish(self, event: Addressed) -> None:
        """Send an event to the members after the COMMIT."""
        self.events.append(event)

    def message_added(self, conversation: Conversation, message: MessageObject) -> None:
        if message.sender_side != Side.CUSTOMER.value:
            if message.sender_side == Side.BUSINESS.value and message.sender_kind == SenderKind.PERSON.value:
                self._answered[conversation.pk] = message.sender_id or ""
            return
        state = self.state_of(conversation)
        if handover.begins_with_bot(conversation, state, message):
            handover.give_to_bot(state, conversation.business.first_bot_id, self._now)
            self.save(state)
        elif state.status in _REOPENED:
            state.status, state.snoozed_until = TeamState.Status.OPEN, None
            self.save(state)
        if state.assignee_id is None:
            self._note_unassigned(conversation, state)

    def _take_by_answering(self) -> None:
        """Whoever writes in a conversation that waits for a person takes it."""
        for key, sender_id in self._answered.items():
            state = self._states.get(key)
            if state is not None and sender_id and handover.waits_for_person(state):
                handover.give_to_person(state, user_key(sender_id), self._now)
                self.save(state)

    def write(self) -> None:
        self._take_by_answering()
        if self._new:
            TeamState.objects.bulk_create(self._new.values())
        changed = [state for key, state in self._changed.items() if key not in self._new]
        if changed:
            TeamState.objects.bulk_update(changed, _WRITTEN)
        for key, label_ids in self._labels.items():
            ConversationLabel.objects.filter(state_id=key).delete()
            ConversationLabel.objects.bulk_create(
                ConversationLabel(state_id=key, label_id=one) for one in label_ids
            )
        if self._announced:
            self._announce()
        for business_id in sorted(self._unassigned):
            for tell in left_unassigned:
                tell(business_id)

    def _announce(self) -> None:
        for shown in state_objects(self._announced.values()):
            key = shown.conversation_id
            conversation, state = self._conversations[key], self._announced[key]
            self.events.insert(0, events.team_state_updated(state.business_id, shown))
            before = self._before[key]
            if state.status != before.status:
                self.recorded.append(events.status_changed(shown))
                for tell in status_changed:
                    tell(conversation, state)
            if state.handed_over_at is not None and before.handed_over_at is None:
                for tell in handed_over:
                    tell(conversation, state)
            if state.assignee_id != before.assignee_id:
                for tell in assignee_changed:
                    tell(conversation, state)
            self._note_unassigned(conversation, state)

    def _note_unassigned(self, conversation: Conversation, state: TeamState) -> None:
        """Nobody has the conversation, or somebody has one less and could take another."""
        is_taken = state.assignee_id is not None and state.status == TeamState.Status.OPEN
        if not is_taken and conversation.business.assigns_automatically:
            self._unassigned.add(conversation.business_id)


@functools.cache
def _read_statement() -> Any:
    return f"SELECT {', '.join(_ALL)} FROM {TeamState._meta.db_table} WHERE conversation_id = ANY(%s::uuid[])"
