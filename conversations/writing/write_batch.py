"""The one place where messages and receipts are written: a batch of changes in one transaction.

`write` is used by every door: `send_message` over REST is a batch of one through it, and the group commit of
`conversations.writing.group_commit` hands it all that queued up while the last batch was being committed.

A batch locks its conversations in the order of their ids and gives out `seq` and `rev` under these locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from chatsite.config.limits import limits
from chatsite.database.pipeline import pipelined
from chatsite.errors import DomainError, invalid
from chatsite.observability.metrics import measures
from chatsite.realtime.broadcast import broadcast_on_commit
from chatsite.realtime.hub import Addressed
from conversations import events
from conversations.access import Actor, UserId, ask_actors, other_side, require_side
from conversations.models import Conversation, Side
from conversations.serializers import MessageObject
from conversations.writing import message_sql
from conversations.writing.commit_recovery import shown_if_unsure
from conversations.writing.conversation_rows import ask_heads, save_heads


@dataclass(slots=True)
class Send:
    """A message to be stored. `sender_id` None: the system speaks."""

    conversation_id: UUID
    sender_id: UserId | None
    content: str
    message_type: str = "text"
    client_id: str | None = None
    reply_to: UUID | None = None


@dataclass(slots=True)
class Receipt:
    """Messages of the other side that the user has got (`delivered`) or seen (`read`); None: all there are."""

    conversation_id: UUID
    user_id: UserId
    status: str
    message_ids: list[UUID] | None


Change = Send | Receipt


@dataclass(slots=True)
class Sent:
    """`payload` is the JSON of the event and of the ack. `created` is false for a repeated client id."""

    message: MessageObject
    payload: bytes
    created: bool


@dataclass(slots=True)
class Receipted:
    """The messages that moved, with the new state of each."""

    stamps: list[message_sql.Stamp]
    unread_count: int


Outcome = Sent | Receipted | DomainError


def write(changes: Sequence[Change]) -> list[Outcome]:
    """Apply the changes in one transaction; the outcomes stand in the order of the changes.

    A change that is refused has a `DomainError` as its outcome and does not touch the others. Raises database errors,
    and then nothing was written, or nobody knows whether all of it was.
    """
    with shown_if_unsure({change.conversation_id for change in changes}), transaction.atomic():
        batch = _Batch(changes)
        outcomes = batch.apply()
        broadcast_on_commit(batch.events)
        transaction.on_commit(batch.count)
    return outcomes


@dataclass
class _Batch:
    changes: Sequence[Change]
    now: datetime = field(default_factory=timezone.now)
    heads: dict[UUID, Conversation] = field(default_factory=dict)
    actors: dict[UserId, Actor] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    touched: dict[UUID, Conversation] = field(default_factory=dict)
    inserted: list[message_sql.NewMessage] = field(default_factory=list)
    stamps: dict[UUID, message_sql.Stamp] = field(default_factory=dict)
    events: list[Addressed] = field(default_factory=list)
    repeats: int = 0

    def apply(self) -> list[Outcome]:
        sends = [(n, c) for n, c in enumerate(self.changes) if isinstance(c, Send)]
        receipts = [(n, c) for n, c in enumerate(self.changes) if isinstance(c, Receipt)]
        with pipelined():
            # The locks are asked for first: what is read after them is read under them.
            heads = ask_heads({change.conversation_id for change in self.changes})
            actors = ask_actors({_author(change) for change in self.changes} - {None})
            known = message_sql.ask_sent(
                [_client_key(send) for _, send in sends if send.client_id is not None]
            )
            quoted = message_sql.ask_places([send.reply_to for _, send in sends if send.reply_to is not None])
            unread = _ask_unread([receipt for _, receipt in receipts])
            self.heads, self.actors = heads(), actors()
            self._apply_sends(sends, known(), quoted())
            self._apply_receipts(receipts, unread())
            self._store()
        if self.touched:
            self.events += events.conversations_updated(self.touched.values())
        return [self.outcomes[number] for number in range(len(self.changes))]

    def _store(self) -> None:
        if self.inserted:
            message_sql.insert_messages(self.inserted)
        if self.stamps:
            message_sql.stamp_messages(list(self.stamps.values()))
        if self.touched:
            save_heads(list(self.touched.values()))

    def count(self) -> None:
        measures.messages.add(len(self.inserted))
        measures.repeats.add(self.repeats)
        for status, number in Counter(stamp.status for stamp in self.stamps.values()).items():
            measures.receipts.add(number, status)

    # Sends

    def _apply_sends(
        self,
        sends: list[tuple[int, Send]],
        known: dict[message_sql.ClientKey, MessageObject],
        quoted: set[tuple[UUID, UUID]],
    ) -> None:
        for number, send in sends:
            try:
                side = self._may_send(send)
                repeated = known.get(_client_key(send))
                if repeated is not None:
                    payload = events.message_payload(repeated)
                    self.outcomes[number] = Sent(repeated, payload, created=False)
                    self.repeats += 1
                    continue
                if send.reply_to is not None and (send.conversation_id, send.reply_to) not in quoted:
                    raise invalid("The message replied to is not in this conversation.", field="replyTo")
                message = self._append(send, side)
            except DomainError as error:
                self.outcomes[number] = error
                continue
            payload = events.message_payload(message)
            customer_id = self.heads[send.conversation_id].customer_id
            self.events.append(events.message_sent(message, customer_id, payload))
            self.outcomes[number] = Sent(message, payload, created=True)
            if send.client_id is not None:
                known[_client_key(send)] = message

    def _may_send(self, send: Send) -> str:
        head = self.heads.get(send.conversation_id)
        if send.sender_id is None and head is not None:
            return Side.SYSTEM.value
        side = require_side(self.actors.get(send.sender_id), head)
        if head is not None and head.frozen_at is not None:
            raise DomainError("frozen", "A moderator has closed this conversation for new messages.")
        return side

    def _append(self, send: Send, side: str) -> MessageObject:
        head = self._touch(send.conversation_id)
        head.last_seq += 1
        head.last_message = preview(send.content)
        head.last_message_at = head.active_at = self.now
        head.customer_archived = head.business_archived = False
        if side == Side.CUSTOMER:
            head.business_unread += 1
        elif side == Side.BUSINESS:
            head.customer_unread += 1
        message = MessageObject(
            id=uuid7(),
            conversation_id=head.pk,
            seq=head.last_seq,
            rev=head.rev,
            sender_id=None if send.sender_id is None else str(send.sender_id),
            sender_side=side,  # type: ignore[arg-type]
            client_id=send.client_id,
            content=send.content,
            message_type=send.message_type,  # type: ignore[arg-type]
            status="sent",
            delivered_at=None,
            read_at=None,
            edited_at=None,
            deleted_at=None,
            reply_to=send.reply_to,
            created_at=self.now,
        )
        self.inserted.append((message, send.sender_id))
        return message

    def _touch(self, conversation_id: UUID) -> Conversation:
        """Take the conversation's next `rev`."""
        head = self.touched[conversation_id] = self.heads[conversation_id]
        head.rev += 1
        head.updated_at = self.now
        return head

    # Receipts

    def _apply_receipts(
        self, receipts: list[tuple[int, Receipt]], unread: message_sql.UnreadMessages
    ) -> None:
        for number, receipt in receipts:
            try:
                side = require_side(self.actors.get(receipt.user_id), self.heads.get(receipt.conversation_id))
            except DomainError as error:
                self.outcomes[number] = error
                continue
            moved = _moved_by(receipt, other_side(side), unread.get(receipt.conversation_id, {}))
            self.outcomes[number] = self._stamp(receipt, side, moved)

    def _stamp(self, receipt: Receipt, side: str, moved: list[message_sql.Unread]) -> Receipted:
        """Give the moved messages their new state, in groups that each take one `rev`."""
        head = self.heads[receipt.conversation_id]
        stamps = []
        read_at = self.now if receipt.status == "read" else None
        for start in range(0, len(moved), limits().receipt_ids):
            group = moved[start : start + limits().receipt_ids]
            rev = self._touch(head.pk).rev
            for message in group:
                message.status = receipt.status
                message.delivered_at = message.delivered_at or self.now
                stamp = message_sql.Stamp(message.id, rev, receipt.status, message.delivered_at, read_at)
                self.stamps[message.id] = stamp
                stamps.append(stamp)
            self.events.append(self._receipt_event(receipt, rev, [message.id for message in group]))
        if receipt.status == "read":
            attribute = f"{side}_unread"
            setattr(head, attribute, max(0, getattr(head, attribute) - len(moved)))
        return Receipted(stamps, head.customer_unread if side == Side.CUSTOMER else head.business_unread)

    def _receipt_event(self, receipt: Receipt, rev: int, message_ids: list[UUID]) -> Addressed:
        key = receipt.conversation_id
        if receipt.status == "read":
            return events.messages_read(
                key, rev=rev, message_ids=message_ids, reader_id=receipt.user_id, at=self.now
            )
        return events.messages_delivered(key, rev=rev, message_ids=message_ids, at=self.now)


def preview(content: str) -> str:
    """A conversation's `lastMessage`: the content's beginning, on one line."""
    length = limits().preview_length
    return " ".join(content[: length * 2].split())[:length]


def _moved_by(
    receipt: Receipt, sender_side: str, unread: dict[UUID, message_sql.Unread]
) -> list[message_sql.Unread]:
    """What of the conversation's unread messages the receipt moves forward, in the order of `seq`."""
    if receipt.message_ids is None:
        asked = list(unread.values())
    else:
        wanted = set(receipt.message_ids)
        asked = [message for key, message in unread.items() if key in wanted]
    movable = ("sent",) if receipt.status == "delivered" else ("sent", "delivered")
    return [message for message in asked if message.sender_side == sender_side and message.status in movable]


def _ask_unread(receipts: list[Receipt]) -> Callable[[], message_sql.UnreadMessages]:
    return message_sql.ask_unread(
        {message_id for receipt in receipts for message_id in receipt.message_ids or ()},
        {receipt.conversation_id for receipt in receipts if receipt.message_ids is None},
    )


def _author(change: Change) -> UserId | None:
    return change.sender_id if isinstance(change, Send) else change.user_id


def _client_key(send: Send) -> message_sql.ClientKey:
    return (send.conversation_id, send.sender_id, send.client_id or "")
