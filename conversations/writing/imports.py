"""Changes of conversations by an import of old messages and by its undo."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from conversations.access import other_side
from conversations.columns import MESSAGES
from conversations.models import ChatMessage, Conversation, EmptiedConversation, SenderKind, Side
from conversations.writing import list_preview
from conversations.writing.conversation_change import ConversationChange, add_unread
from conversations.writing.unread_marks import limit_marks

# Functions of other packages that correct their rows about messages after `last_seq`, which were removed. They run in
# the transaction of the removal, under the lock of the conversation.
shortened: Final[list[Callable[[Conversation], None]]] = []
# Functions of the importers that return the ids of the messages that they have appended to a conversation.
imported_in: Final[list[Callable[[UUID], Collection[UUID]]]] = []


def append_imported(change: ConversationChange, conversation: Conversation, **columns: Any) -> UUID:
    """Append an old message and return its new id. `active_at` stays that of the newest message."""
    at: datetime = columns["created_at"]
    is_gone = columns["deleted_at"] is not None or columns.get("hidden_at") is not None
    rev = change.take_rev(conversation)
    conversation.last_seq += 1
    sender = list_preview.last_sender(columns["sender_id"], columns["sender_side"], columns["status"])
    list_preview.show_new(conversation, "" if is_gone else columns["content"], sender)
    conversation.last_message_at = at
    conversation.active_at = max(conversation.active_at, at)
    side = columns["sender_side"]
    if side != Side.SYSTEM and columns["status"] != ChatMessage.Status.READ and not is_gone:
        add_unread(conversation, other_side(side), 1)
    if side == Side.SYSTEM:
        columns["sender_kind"] = SenderKind.SYSTEM.value
    key: UUID = uuid7()
    place = {"id": key, "conversation_id": conversation.pk, "seq": conversation.last_seq, "rev": rev}
    change.copy_message(MESSAGES.row(place | columns))
    return key


def imported_messages(conversation_id: UUID) -> set[UUID]:
    """Return the ids of the imported messages of a conversation."""
    return {key for find in imported_in for key in find(conversation_id)}


def remove_messages(message_ids: Collection[UUID]) -> None:
    """Delete the rows of messages. The caller must call `rewrite` for each conversation."""
    ChatMessage.objects.filter(pk__in=message_ids).delete()


def remove_conversations(ids: Collection[UUID]) -> None:
    """Delete the rows of empty conversations."""
    Conversation.objects.filter(pk__in=ids).delete()


def rewrite(
    change: ConversationChange, conversation: Conversation, *, last_seq: int, customer: int, business: int
) -> None:
    """Set the numbers of a conversation whose last messages were removed.

    The conversation takes a new `rev` and stores it in `rewritten_rev`, so that clients which have seen the messages
    fetch the conversation again. `rev` never decreases, because clients with a higher one would miss the next changes.
    """
    conversation.rewritten_rev = change.take_rev(conversation)
    conversation.last_seq = last_seq
    # New messages take these numbers again, so retention must look at them.
    EmptiedConversation.objects.filter(conversation=conversation, seq__gt=last_seq).update(seq=last_seq)
    conversation.customer_unread, conversation.business_unread = customer, business
    last = ChatMessage.objects.filter(conversation=conversation, seq=last_seq).first() if last_seq else None
    conversation.last_files = conversation.last_reaction = conversation.last_sender = ""
    if last is None:
        conversation.last_message, conversation.last_message_at = "", None
        conversation.active_at = conversation.created_at
    else:
        list_preview.show_changed(conversation, last)
        conversation.last_message_at = conversation.active_at = last.created_at
    for user_id in limit_marks(conversation):
        change.show_to(conversation, user_id)
    for correct in shortened:
        correct(conversation)
