"""Change one existing message: edit, delete or hide it.

with change_message(message_id) as changing:
    changing.message.edited_at = changing.now
    return changing.publish(events.message_edited)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chatsite.errors import not_found
from conversations.access import object_key
from conversations.models import ChatMessage, Conversation
from conversations.serializers import MessageObject, message_from_model
from conversations.writing.conversation_change import ConversationChange, MessageEvent, change_conversations


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A message, while its conversation is locked."""

    change: ConversationChange
    conversation: Conversation
    message: ChatMessage

    @property
    def now(self) -> datetime:
        return self.change.now

    def publish(self, event: MessageEvent) -> MessageObject:
        """Give the message the next `rev`, write it, and send `event` to the sockets that joined."""
        return self.change.update_message(self.conversation, self.message, event)

    def unchanged(self) -> MessageObject:
        return message_from_model(self.message)

    def count_unread(self, by: int) -> None:
        """Add the message to the other side's unread count (1) or remove it (-1), unless it has been read."""
        self.change.count_unread(self.conversation, self.message, by)


@contextmanager
def change_message(message_id: str | UUID) -> Iterator[MessageChange]:
    """Begin a change of the message. The end of the block commits it. The caller checks access."""
    key = object_key(message_id, "message")
    conversation_id = ChatMessage.objects.filter(pk=key).values_list("conversation_id", flat=True).first()
    if conversation_id is None:
        raise not_found("message")
    with change_conversations([conversation_id]) as change:
        conversation = change.conversations.get(conversation_id)
        message = ChatMessage.objects.filter(pk=key).first()
        if conversation is None or message is None:  # the undo of an import has removed it meanwhile
            raise not_found("message")
        yield MessageChange(change, conversation, message)
