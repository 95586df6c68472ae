"""The client's state of one conversation, without a clock or network: pushes and answers in, events out.

Pushes may be lost, repeated, late or early. The timeline applies them in the order of `rev`, without gaps, and keeps
early ones. `has(rev)` tells whether everything up to a `rev` was applied. `merge` takes missing changes from an answer
of the server. Messages are compared by their own `rev`, so applying one twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from business_chat_client.events import (
    AttachmentsChanged,
    ConversationChanged,
    ConversationEvent,
    MessageArrived,
    MessageDeleted,
    MessageEdited,
    MessagesDelivered,
    MessagesRead,
    MessagesRemoved,
    ReactionsChanged,
)
from business_chat_client.objects import ConversationDetails, Message
from business_chat_client.pushes import AttachmentPush, MessagePush, ReactionPush, ReceiptPush, RevPush

Push: TypeAlias = MessagePush | ReactionPush | AttachmentPush | ReceiptPush | RevPush

MAX_BUFFERED: Final = 2_000  # early pushes to keep; more are dropped, and the next sync brings their content
STATUSES: Final = ("sent", "delivered", "read")


class Timeline:
    def __init__(self) -> None:
        self.details: ConversationDetails | None = None
        self.messages: list[
            Message
        ] = []  # by seq, without gaps; older messages than the first were never fetched
        self.rev = 0  # all changes up to here have been applied
        self.seen = 0  # the highest rev seen
        self.has_gap = False  # a message arrived before its predecessor, so the pages must be fetched
        self._first = 1  # the seq of the first message held, or the next seq without messages
        self._seqs: dict[str, int] = {}  # message id → seq
        self._early: dict[int, Push] = {}
        self._unknown_rev = 0  # of the last unknown event, which no `conversation_updated` needs to follow

    @property
    def first_seq(self) -> int:
        """The `seq` of the first known message; 1 if the whole history is loaded."""
        return self._first

    def find(self, message_id: str) -> Message | None:
        seq = self._seqs.get(message_id)
        return None if seq is None else self.messages[seq - self._first]

    def has(self, rev: int) -> bool:
        """Return whether everything up to `rev` was applied, including the conversation's details."""
        return self.details is not None and min(self.rev, max(self.details.rev, self._unknown_rev)) >= rev

    @property
    def is_behind(self) -> bool:
        return self.has_gap or not self.has(self.seen)

    def note_rev(self, rev: int) -> None:
        """Note that the conversation has reached this `rev`."""
        self.seen = max(self.seen, rev)

    # Pushes

    def take(self, push: Push) -> list[ConversationEvent]:
        self.note_rev(push.rev)
        if push.rev <= self.rev and self.details is not None:
            return []
        self._early.setdefault(push.rev, push)
        if len(self._early) > MAX_BUFFERED:
            self._early.clear()
        return self._advance()

    @property
    def state_rev(self) -> int:
        return 0 if self.details is None or self.details.own is None else self.details.own.state_rev

    def take_details(self, details: ConversationDetails) -> list[ConversationEvent]:
        """Apply the conversation's details. With equal `rev` (archiving takes none) the later change wins.

        Details for a whole side have no `own`, so the known one stays. `state_rev` counts its changes.
        """
        self.note_rev(details.rev)
        held = self.details
        if held is None:
            return []
        own = max(filter(None, (held.own, details.own)), key=attrgetter("state_rev"), default=None)
        is_older = (details.rev, details.updated_at) < (held.rev, held.updated_at) or (
            details.rev == held.rev and details.own is not None and details.own is not own
        )
        details = replace(held if is_older else details, own=own)
        if details == held:
            return []
        self.details = details
        return [ConversationChanged(details)]

    def _advance(self) -> list[ConversationEvent]:
        events: list[ConversationEvent] = []
        if self.details is None:
            return events  # nothing is loaded yet that a push could change
        while (push := self._early.pop(self.rev + 1, None)) is not None:
            self.rev += 1
            if isinstance(push, MessagePush):
                events += self._put(push.message)
            elif isinstance(push, ReceiptPush):
                events += self._receive(push)
            elif isinstance(push, ReactionPush):
                events += self._react(push)
            elif isinstance(push, AttachmentPush):
                events += self._attach(push)
            else:
                self._unknown_rev = push.rev
        return events

    # Answers

    def begin(self, details: ConversationDetails, messages: Sequence[Message]) -> list[ConversationEvent]:
        """Apply the first fetch: the details, and the newest messages in ascending `seq`, read after the details."""
        self.details = details
        self._first = messages[0].seq if messages else details.last_seq + 1
        return self.merge(details, messages)

    def merge(self, details: ConversationDetails, messages: Iterable[Message]) -> list[ConversationEvent]:
        """Apply an answer that is complete up to `details.rev`: of a sync, or pages that were read after `details`."""
        self.has_gap = False
        arrived: list[ConversationEvent] = []
        changed: list[ConversationEvent] = []
        for message in sorted(messages, key=lambda message: message.seq):
            self.note_rev(message.rev)
            is_new = message.seq >= self._next_seq
            (arrived if is_new else changed).extend(self._put(message))
        events = [*arrived, *_grouped_receipts(changed), *self.take_details(details)]
        self.rev = max(self.rev, details.rev)
        self._early = {rev: push for rev, push in self._early.items() if rev > self.rev}
        return events + self._advance()

    def replace(
        self, details: ConversationDetails, messages: Sequence[Message], *, since: int
    ) -> list[ConversationEvent]:
        """Apply a new fetch: the newest messages, at least those from the first one held on, in pages that were
        read after `details`. Messages that are held and not among them were removed. `since` is the rev of this
        timeline before the fetch."""
        if details.rev < since:
            self._go_back_to(details)
        present = {message.id for message in messages}
        place = next(
            (n for n, held in enumerate(self.messages) if held.id not in present and held.rev <= details.rev),
            None,
        )
        if place is None:
            return self.merge(details, messages)
        gone = self.messages[place:]  # a later message that still exists is added again
        del self.messages[place:]
        for message in gone:
            del self._seqs[message.id]
        if not self.messages:
            self._first = messages[0].seq if messages else 1
        removed = tuple(message for message in gone if message.id not in present)
        return [MessagesRemoved(removed), *self.merge(details, messages)]

    def _go_back_to(self, details: ConversationDetails) -> None:
        """Forget later changes, because the server was restored from an older backup."""
        self.rev = self.seen = details.rev
        self._unknown_rev = 0
        self._early.clear()
        self.details = details
        self.messages = [
            msgspec.structs.replace(held, rev=min(held.rev, details.rev)) for held in self.messages
        ]

    def prepend(self, messages: Sequence[Message]) -> list[Message]:
        """Add older messages, which end just before the first one held. Return those that were added."""
        added = [message for message in messages if message.seq < self._first]
        if added and added[-1].seq == self._first - 1:
            self.messages[:0] = added
            self._first = added[0].seq
            self._seqs.update((message.id, message.seq) for message in added)
            for message in added:
                self.note_rev(message.rev)
            return added
        return []

    # Changes of one message

    @property
    def _next_seq(self) -> int:
        return self._first + len(self.messages)

    def _put(self, message: Message) -> list[ConversationEvent]:
        if message.seq < self._first:
            return []  # older than the messages held
        if message.seq > self._next_seq:
            self.has_gap = True
            return []
        if message.seq == self._next_seq:
            self.messages.append(message)
            self._seqs[message.id] = message.seq
            return [MessageArrived(message)]
        return self._replace(message, None)

    def _replace(self, message: Message, reader_id: str | None) -> list[ConversationEvent]:
        index = message.seq - self._first
        held = self.messages[index]
        if message.rev <= held.rev:
            return []
        self.messages[index] = message
        events: list[ConversationEvent] = []
        if message.deleted_at != held.deleted_at:
            events.append(MessageDeleted(message))
        elif (message.content, message.edited_at) != (held.content, held.edited_at):
            events.append(MessageEdited(message))
        if message.reactions != held.reactions and message.deleted_at is None:
            events.append(ReactionsChanged(message))
        if message.deleted_at is None and _facts(message) != _facts(held):
            events.append(AttachmentsChanged(message))
        if message.status != held.status:
            read = message.status == "read"
            events.append(MessagesRead((message,), reader_id) if read else MessagesDelivered((message,)))
        return events

    def _react(self, push: ReactionPush) -> list[ConversationEvent]:
        held = self.find(push.message_id)
        if held is None or push.rev <= held.rev:
            return []
        return self._replace(msgspec.structs.replace(held, rev=push.rev, reactions=push.reactions), None)

    def _attach(self, push: AttachmentPush) -> list[ConversationEvent]:
        held = self.find(push.message_id)
        if held is None or push.rev <= held.rev:
            return []
        files = tuple(push.attachment if one.id == push.attachment.id else one for one in held.attachments)
        return self._replace(msgspec.structs.replace(held, rev=push.rev, attachments=files), None)

    def _receive(self, push: ReceiptPush) -> list[ConversationEvent]:
        events: list[ConversationEvent] = []
        for message_id in push.message_ids:
            held = self.find(message_id)
            if held is not None and push.rev > held.rev:
                events += self._replace(_with_receipt(held, push), push.read_by)
        return _grouped_receipts(events)


def _facts(message: Message) -> list[tuple[str, str]]:
    """Return the attachments without their addresses, which are different in each answer."""
    return [(one.id, one.state) for one in message.attachments]


def _with_receipt(held: Message, push: ReceiptPush) -> Message:
    """Apply a receipt. A read message was also delivered, at that time if not before. A status never goes back."""
    status = "delivered" if push.read_at is None else "read"
    return msgspec.structs.replace(
        held,
        rev=push.rev,
        status=max(held.status, status, key=STATUSES.index),
        delivered_at=held.delivered_at or push.delivered_at or push.read_at,
        read_at=held.read_at or push.read_at,
    )


def _grouped_receipts(events: list[ConversationEvent]) -> list[ConversationEvent]:
    """Group receipts of many messages into one event for delivered and one for read, after the other events."""
    others: list[ConversationEvent] = []
    delivered: list[Message] = []
    read: list[Message] = []
    reader_id = None
    for event in events:
        if isinstance(event, MessagesDelivered):
            delivered += event.messages
        elif isinstance(event, MessagesRead):
            read += event.messages
            reader_id = event.reader_id
        else:
            others.append(event)
    if delivered:
        others.append(MessagesDelivered(tuple(delivered)))
    if read:
        others.append(MessagesRead(tuple(read), reader_id))
    return others
