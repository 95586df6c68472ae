"""Apply one receipt of a batch: mark messages of the other side as delivered or read."""

from __future__ import annotations

from uuid import UUID

from chatsite.config.limits import limits
from chatsite.realtime.hub import Addressed
from conversations import events
from conversations.access import other_side, require_side
from conversations.models import Side
from conversations.writing import list_preview
from conversations.writing.batch_lookups import Lookups
from conversations.writing.conversation_change import ConversationChange, add_unread
from conversations.writing.message_sql import Stamp, Unread
from conversations.writing.requests import Receipt, Receipted


def apply_receipt(change: ConversationChange, lookups: Lookups, receipt: Receipt) -> Receipted:
    """Mark the messages in groups, each with one `rev`. Raise `DomainError` if the user may not."""
    conversation = change.conversations.get(receipt.conversation_id)
    side = require_side(lookups.actors.get(receipt.user_id), conversation)
    assert conversation is not None  # otherwise `require_side` raises
    moved = _moved_by(receipt, other_side(side), lookups.unread.get(receipt.conversation_id, {}))
    stamps: list[Stamp] = []
    for start in range(0, len(moved), limits().receipt_ids):
        group = moved[start : start + limits().receipt_ids]
        rev = change.take_rev(conversation)
        stamps += [_stamp(change, receipt, rev, message) for message in group]
        if group[-1].seq == conversation.last_seq:
            list_preview.show_status(conversation, receipt.status)
        change.publish(_event(change, receipt, rev, [message.id for message in group]))
    if receipt.status == "read":
        add_unread(conversation, side, -len(moved))
        change.end_mark(conversation, receipt.user_id)
    unread = conversation.customer_unread if side == Side.CUSTOMER else conversation.business_unread
    return Receipted(stamps, unread)


def _moved_by(receipt: Receipt, sender_side: str, unread: dict[UUID, Unread]) -> list[Unread]:
    """Return the unread messages of the conversation that the receipt changes, in the order of `seq`."""
    if receipt.message_ids is None:
        last = receipt.up_to_seq
        named = [message for message in unread.values() if last is None or message.seq <= last]
    else:
        wanted = set(receipt.message_ids)
        named = [message for key, message in unread.items() if key in wanted]
    movable = ("sent",) if receipt.status == "delivered" else ("sent", "delivered")
    return [message for message in named if message.sender_side == sender_side and message.status in movable]


def _stamp(change: ConversationChange, receipt: Receipt, rev: int, message: Unread) -> Stamp:
    message.status = receipt.status  # another receipt of the same batch may follow
    message.delivered_at = message.delivered_at or change.now
    read_at = change.now if receipt.status == "read" else None
    stamp = Stamp(message.id, rev, receipt.status, message.delivered_at, read_at)
    change.stamp_message(stamp)
    return stamp


def _event(change: ConversationChange, receipt: Receipt, rev: int, message_ids: list[UUID]) -> Addressed:
    key = receipt.conversation_id
    if receipt.status == "read":
        return events.messages_read(
            key, rev=rev, message_ids=message_ids, reader_id=receipt.user_id, at=change.now
        )
    return events.messages_delivered(key, rev=rev, message_ids=message_ids, at=change.now)
