"""The one way to change conversations and their messages.

    with change_conversations([conversation_id]) as change:
        conversation = change.conversations[conversation_id]
        change.update_message(conversation, message, events.message_edited)

A change is one transaction. It locks the conversations, assigns each `rev` under the locks, writes the changed rows at
the end of the block, and sends the events after the COMMIT. If the connection is lost during the COMMIT, both sides get
the current state of the conversations when the database answers again (`commit_recovery`).

To add a kind of change, write its own rows inside the block and call `take_rev`, `update_message` or `save`. If only
one side or one person may see it, call `save_for` or `show_to`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chatsite.database.bulk_insert import bulk_insert
from chatsite.observability.metrics import measures
from chatsite.realtime.broadcast import broadcast_on_commit
from chatsite.realtime.hub import Addressed
from conversations import events
from conversations.access import UserId, other_side
from conversations.columns import MESSAGES
from conversations.models import Attachment, ChatMessage, Conversation, Side
from conversations.search import message_index
from conversations.serializers import MessageObject, message_from_model
from conversations.signals import send_on_commit
from conversations.writing import attachment_claims, list_preview, message_sql, unread_marks
from conversations.writing.change_parts import ChangeParts
from conversations.writing.commit_recovery import watched_transaction
from conversations.writing.conversation_sql import ask_locks, update_conversations
from conversations.writing.recording import record_changes
from conversations.writing.storage_use import add_use

MessageEvent: TypeAlias = Callable[[MessageObject, bytes], Addressed]  # such as `events.message_edited`
UnreadSides: TypeAlias = Collection[tuple[UUID, str]]  # conversation, the side that has not read

# Functions of other apps that write rows of their own about new unread messages, in the same transaction and in at most
# one statement. An app adds its own in `AppConfig.ready`.
sides_with_new_unread: Final[list[Callable[[UnreadSides, datetime], None]]] = []


@contextmanager
def change_conversations(
    ids: Collection[UUID] = (), *, announce: bool = True
) -> Iterator[ConversationChange]:
    """Begin a change of these conversations. The end of the block commits it, unless an exception leaves the block.

    Without `announce`, no event is sent, and business and customer are not loaded.
    """
    touched = set(ids)  # `lock` adds to it
    with watched_transaction(touched):
        change = ConversationChange(touched, announce)
        yield change
        change.write()
        change.broadcast()


class ConversationChange:
    """The changes of one transaction. `change_conversations` creates it."""

    def __init__(self, ids: set[UUID], announce: bool) -> None:
        self.now: datetime = timezone.now()
        self._ids = ids
        self._announce = announce
        self._locked: dict[UUID, Conversation] | None = None
        self._read_locked = ask_locks(ids, with_people=announce) if ids else dict
        self.parts = ChangeParts(self.now, ids)  # after the locks
        self._changed: dict[UUID, Conversation] = {}
        self._private: dict[UUID, tuple[Conversation, set[str]]] = {}  # with the sides that see it
        self._readers: list[unread_marks.Reader] = []
        self._shown_to: list[unread_marks.Reader] = []
        self._new: list[message_sql.NewMessage] = []
        self._claimed: list[Attachment] = []
        self._stamps: dict[UUID, message_sql.Stamp] = {}
        self._messages: list[ChatMessage] = []
        self._copied: list[tuple[Any, ...]] = []
        self._events: list[Addressed] = []
        self._unread_sides: set[tuple[UUID, str]] = set()

    @property
    def conversations(self) -> dict[UUID, Conversation]:
        """The locked conversations, with business and customer. Ids that do not exist are missing."""
        if self._locked is None:
            self._locked = self._read_locked()
            self.parts.attach(self._locked)
        return self._locked

    def lock(self, ids: Collection[UUID]) -> list[Conversation]:
        """Lock conversations whose ids became known in the block. Call this once, because one call locks in order."""
        self._ids |= set(ids)
        known, read = self.conversations, ask_locks(ids, with_people=self._announce)
        self.parts.ask(ids)
        locked = read()
        self.parts.attach(locked)
        known.update(locked)
        return list(locked.values())

    # Conversations

    def take_rev(self, conversation: Conversation) -> int:
        """Assign and return the next `rev`. Both sides get `conversation_updated`."""
        conversation.rev += 1
        self.save(conversation)
        return conversation.rev

    def save(self, conversation: Conversation) -> None:
        """Write the `CHANGE` columns of `conversations.columns` at the end. Both sides get `conversation_updated`."""
        conversation.updated_at = self.now
        self._changed[conversation.pk] = conversation

    def save_for(self, conversation: Conversation, side: str | None) -> None:
        """Write the conversation at the end, and show it to this side alone, or to nobody.

        The other side cannot see that anything changed: its `updatedAt` stays the same.
        """
        _, sides = self._private.setdefault(conversation.pk, (conversation, set()))
        if side is not None:
            setattr(conversation, f"{side}_updated_at", self.now)
            sides.add(side)

    def show_to(self, conversation: Conversation, user_id: UserId) -> None:
        """Show the conversation to one user, who keeps something in it for themselves."""
        self._shown_to.append((conversation, user_id))

    def end_mark(self, conversation: Conversation, user_id: UserId) -> None:
        """End the reader's mark, so that the messages marked as unread count as read again."""
        if conversation.marks:
            self._readers.append((conversation, user_id))

    def recount_unread(self, conversation: Conversation, customer: int, business: int) -> None:
        """Correct the unread counts of both sides."""
        conversation.customer_unread, conversation.business_unread = customer, business
        self.save(conversation)

    def publish(self, event: Addressed) -> None:
        """Send an event after the COMMIT."""
        self._events.append(event)

    # Messages

    def insert_message(
        self, conversation: Conversation, message: MessageObject, sender_id: UserId | None
    ) -> bytes:
        """Append a message whose `seq` and `rev` have been assigned. Return the payload of its event."""
        self._new.append((message, sender_id))
        self.parts.message_added(conversation, message)
        payload = events.message_payload(message)
        self._events.append(events.message_sent(message, conversation.customer_id, payload))
        if message.sender_side != Side.SYSTEM.value:
            self._unread_sides.add((conversation.pk, other_side(message.sender_side)))
        return payload

    def claim_attachments(
        self, message_id: UUID, attachments: Sequence[Attachment], business_id: UUID
    ) -> None:
        """Give locked uploads to a new message."""
        attachment_claims.claim(attachments, message_id, business_id)
        self._claimed += attachments

    def copy_message(self, row: tuple[Any, ...]) -> None:
        """Append an imported row of `MESSAGES.names` whose `seq` and `rev` have been assigned. Send no event."""
        self._copied.append(row)

    def stamp_message(self, stamp: message_sql.Stamp) -> None:
        """Write a receipt of a message. A later receipt in the same change replaces it."""
        self._stamps[stamp.id] = stamp

    def update_message(
        self, conversation: Conversation, message: ChatMessage, event: MessageEvent
    ) -> MessageObject:
        """Give a changed message the next `rev`, write it, and send `event` to the sockets that joined."""
        message.rev = self.take_rev(conversation)
        list_preview.show_changed(conversation, message)
        self._messages.append(message)
        changed = message_from_model(message)
        self._events.append(event(changed, events.message_payload(changed)))
        return changed

    def count_unread(self, conversation: Conversation, message: ChatMessage, by: int) -> None:
        """Add an unread message to the other side's count (`by` 1), or remove it (-1)."""
        if message.sender_side != Side.SYSTEM and message.status != ChatMessage.Status.READ:
            add_unread(conversation, other_side(message.sender_side), by)
            if by > 0:
                self._unread_sides.add((conversation.pk, other_side(message.sender_side)))

    # The end

    def write(self) -> None:
        """Write the changed rows."""
        if self._new:
            message_sql.insert_messages(self._new)
        if self._claimed:
            Attachment.objects.bulk_update(self._claimed, attachment_claims.CLAIMED)
        if self._copied:
            bulk_insert(ChatMessage, MESSAGES.names, self._copied)
        if self._new or self._copied or self._messages:
            self._index()
        if self._stamps:
            message_sql.stamp_messages(list(self._stamps.values()))
        if self._messages:
            message_sql.update_messages(self._messages)
        for reader in unread_marks.end_marks(self._readers):
            self._shown_to.append(reader)
            self.save_for(reader[0], None)
        written = {key: conversation for key, (conversation, _) in self._private.items()} | self._changed
        if written:
            update_conversations(list(written.values()))
        self.parts.write()
        self._inform_apps()
        add_use(self._claimed)

    def _inform_apps(self) -> None:
        """Let other apps write rows of their own about the change."""
        recorded = [*self._events, *self.parts.recorded]
        if self._announce and recorded:
            record_changes(self.conversations.values(), recorded)
        if self._unread_sides:
            for tell in sides_with_new_unread:
                tell(self._unread_sides, self.now)

    def _index(self) -> None:
        """Update the search index of the new and changed messages."""
        copied = [ChatMessage(**dict(zip(MESSAGES.names, row, strict=True))) for row in self._copied]
        visible = [m for m in (*copied, *self._messages) if m.deleted_at is None and m.hidden_at is None]
        message_index.remove_from_index([message.pk for message in self._messages])
        message_index.add_to_index(
            [
                *(
                    self._entry(new.id, new.conversation_id, new.created_at, new.content)
                    for new, _ in self._new
                ),
                *(self._entry(m.pk, m.conversation_id, m.created_at, m.content) for m in visible),
            ]
        )

    def _entry(
        self, message_id: UUID, conversation_id: UUID, created_at: datetime, content: str
    ) -> message_index.Entry:
        business_id = self.conversations[conversation_id].business_id
        return message_index.entry_of(message_id, business_id, created_at, content)

    def broadcast(self) -> None:
        """Send the events after the COMMIT: `conversation_updated` after the others, and personal ones last."""
        if self._announce:
            send_on_commit(self.conversations.values(), self._events)
            updates = unread_marks.updates_of(self._changed.values())
            for key, (conversation, sides) in self._private.items():
                if key not in self._changed:
                    for side in sides:
                        updates += unread_marks.updates_of_side(conversation, side)
            updates += unread_marks.personal_updates(self._shown_to)
            broadcast_on_commit([*self._events, *self.parts.events, *updates])
        if self._new or self._stamps:
            transaction.on_commit(self._measure)

    def _measure(self) -> None:
        measures.messages.add(len(self._new))
        for status, number in Counter(stamp.status for stamp in self._stamps.values()).items():
            measures.receipts.add(number, status)


def add_unread(conversation: Conversation, side: str, number: int) -> None:
    """Add to the unread count of `side`. It never becomes negative."""
    if side == Side.CUSTOMER:
        conversation.customer_unread = max(0, conversation.customer_unread + number)
    else:
        conversation.business_unread = max(0, conversation.business_unread + number)
