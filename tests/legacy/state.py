"""The invariants of the new tables after any import."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from chatsite.legacy_import.models import LegacyImport, LegacyMade, LegacyRow
from conversations.models import ChatMessage, Conversation, Side
from conversations.writing.list_preview import preview
from notifications.models import Inbox, Notification


def check_state() -> None:
    """Check that `seq` has no gaps, no rev is ahead of its conversation, and every conversation agrees with its
    messages.
    """
    by_conversation: dict[Any, list[ChatMessage]] = defaultdict(list)
    for message in ChatMessage.objects.order_by("conversation", "seq"):
        by_conversation[message.conversation_id].append(message)
    for head in Conversation.objects.all():
        messages = by_conversation[head.pk]
        assert [message.seq for message in messages] == list(range(1, head.last_seq + 1))
        assert all(message.rev <= head.rev for message in messages)
        unread = [
            m.sender_side for m in messages if m.status != "read" and not m.deleted_at and not m.hidden_at
        ]
        assert head.customer_unread == unread.count(Side.BUSINESS)
        assert head.business_unread == unread.count(Side.CUSTOMER)
        assert head.last_message == (preview(messages[-1].content) if messages else "")
        if messages:
            assert head.last_message_at == messages[-1].created_at
            assert head.active_at >= max(message.created_at for message in messages)
    for inbox in Inbox.objects.all():
        revs = list(Notification.objects.filter(recipient_id=inbox.pk).values_list("created_rev", flat=True))
        assert len(set(revs)) == len(revs)
        assert all(rev <= inbox.rev for rev in revs)


def snapshot() -> list[list[tuple[Any, ...]]]:
    """Return everything that an import writes, to see whether a second one changes anything."""
    return [
        sorted(ChatMessage.objects.values_list()),
        sorted(Conversation.objects.values_list("pk", "last_seq", "rev", "updated_at", "last_message")),
        sorted(Notification.objects.order_by().values_list("pk", "rev", "title", "body")),
        sorted(Inbox.objects.values_list("pk", "rev", "pruned_rev")),
        sorted(LegacyRow.objects.values_list("legacy_id", "object_id")),
        sorted(LegacyMade.objects.values_list("object_id", "kind")),
        sorted(LegacyImport.objects.values_list("source", "messages", "notifications")),
    ]
