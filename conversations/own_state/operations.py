"""Changes of a person's private state of a conversation, and of the archive of the person's side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from msgspec import UNSET, UnsetType

from chatsite.errors import DomainError, invalid
from conversations import access
from conversations.access import UserId, object_key
from conversations.models import Conversation, OwnState
from conversations.own_objects import personal_object
from conversations.serializers import ConversationObject
from conversations.writing.conversation_change import ConversationChange, change_conversations
from conversations.writing.unread_marks import count_marks

MOST_MARKED: Final = 1_000  # the most messages of one mark, because every later count reads them
LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
SKEW: Final = timedelta(minutes=1)  # tolerance, because a client's clock may be a little behind


@dataclass(slots=True)
class OwnStateChange:
    """The user's row of a conversation, under the conversation's lock."""

    change: ConversationChange
    conversation: Conversation
    side: str
    row: OwnState

    def save(self) -> None:
        """Write the row with the next `stateRev`, and send the conversation to this user only."""
        self.row.state_rev += 1
        self.row.save()
        self.change.show_to(self.conversation, self.row.user_id)


@contextmanager
def change_own_state(user_id: UserId, conversation_id: str | UUID) -> Iterator[OwnStateChange]:
    key = object_key(conversation_id, "conversation")
    with change_conversations([key]) as change:
        _, side = access.find_conversation(user_id, key)
        row = OwnState.objects.filter(user_id=user_id, conversation_id=key).first()
        row = row or OwnState(user_id=user_id, conversation_id=key)
        yield OwnStateChange(change, change.conversations[key], side, row)


def arrange_conversation(
    *,
    user_id: UserId,
    conversation_id: str | UUID,
    archived: bool | UnsetType = UNSET,
    muted_until: datetime | UnsetType | None = UNSET,
    pinned: bool | UnsetType = UNSET,
) -> ConversationObject:
    """Archive the conversation on the user's side, mute it until a time, or pin it. Values left out stay.

    These changes take no `rev`, because the conversation itself does not change. The next message takes a
    conversation out of the archive.
    """
    if muted_until is not UNSET:
        muted_until = _clean_time(muted_until)
    with change_own_state(user_id, conversation_id) as own:
        row, conversation = own.row, own.conversation
        before = row.muted_until, row.pinned_at
        if muted_until is not UNSET:
            row.muted_until = muted_until
        if pinned is not UNSET and pinned != (row.pinned_at is not None):
            row.pinned_at = own.change.now if pinned else None
        if (row.muted_until, row.pinned_at) != before:
            own.save()
        attribute = f"{own.side}_archived"
        if archived is not UNSET and getattr(conversation, attribute) != archived:
            setattr(conversation, attribute, archived)
            own.change.save_for(conversation, own.side)
    return personal_object(user_id, conversation, own.side)


def mark_unread(*, user_id: UserId, conversation_id: str | UUID, seq: int) -> ConversationObject:
    """Count the messages of the other side from `seq` on as unread again, for this user, until the user next reads."""
    with change_own_state(user_id, conversation_id) as own:
        row, last = own.row, own.conversation.last_seq
        if not 1 <= seq <= last:
            raise invalid(f"seq must be from 1 to {last}.", field="seq")
        if last - seq >= MOST_MARKED:
            raise DomainError(
                "too_large",
                f"Only the last {MOST_MARKED} messages can be marked as unread.",
                {"field": "seq", "limit": MOST_MARKED},
            )
        if (row.unread_from, row.unread_to) != (seq, last):
            row.unread_from, row.unread_to = seq, last
            own.save()
            count_marks(own.conversation)
            own.change.save_for(own.conversation, None)
    return personal_object(user_id, own.conversation, own.side)


def _clean_time(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None or not timezone.now() - SKEW < moment:
        raise invalid(
            "mutedUntil must be null, or a time in the future with a time zone.", field="mutedUntil"
        )
    return min(moment.astimezone(UTC), LATEST)


def forget_own_states(user_id: UserId) -> None:
    """Delete all private states of a person. Part of an erasure."""
    rows = OwnState.objects.filter(user_id=user_id)
    with change_conversations() as change:
        marked = rows.filter(unread_from__isnull=False).order_by("conversation_id")
        locked = change.lock(list(marked.values_list("conversation_id", flat=True)))
        rows.delete()
        for conversation in locked:
            count_marks(conversation)
            change.save_for(conversation, None)
