"""The data of events, and of the answers to commands."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from conversations.attachment_objects import AttachmentObject
from conversations.serializers import ConversationObject, MessageObject, ReactionObject, WireObject


class MessageEvent(WireObject, kw_only=True):
    """`new_message`, `message_edited`, `message_deleted`, and the acks of the commands that caused them."""

    conversation_id: UUID
    rev: int
    message: MessageObject


class ReactionsEvent(WireObject, kw_only=True):
    """`reactions_updated`: all reactions of a message after a change."""

    conversation_id: UUID
    rev: int
    message_id: UUID
    reactions: list[ReactionObject]


class AttachmentEvent(WireObject, kw_only=True):
    """`attachment_updated`: a file of a message has been processed."""

    conversation_id: UUID
    rev: int
    message_id: UUID
    attachment: AttachmentObject


class ConversationEvent(WireObject, kw_only=True):
    """`conversation_updated`."""

    conversation_id: UUID
    rev: int
    conversation: ConversationObject


class ReadEvent(WireObject, kw_only=True):
    """`messages_read`."""

    conversation_id: UUID
    rev: int
    message_ids: list[UUID]
    read_by: str
    read_at: datetime


class DeliveredEvent(WireObject, kw_only=True):
    """`messages_delivered`."""

    conversation_id: UUID
    rev: int
    message_ids: list[UUID]
    delivered_at: datetime


class TypingEvent(WireObject, kw_only=True):
    """`user_typing`."""

    conversation_id: UUID
    user_id: str
    is_typing: bool


class JoinedEvent(WireObject, kw_only=True):
    """`joined_conversation` and the ack of a join: the last `seq` and `rev` of the conversation."""

    conversation_id: UUID
    last_seq: int
    rev: int


class LeftAnswer(WireObject, kw_only=True):
    conversation_id: UUID


class TypingAnswer(WireObject, kw_only=True):
    conversation_id: UUID
    is_typing: bool


class LookAnswer(WireObject, kw_only=True):
    conversation_id: UUID | None
    answering: bool


class LookingEvent(WireObject, kw_only=True):
    """`colleague_looking`. A null `conversationId` ends the view with this `viewId`."""

    view_id: str
    user_id: str
    name: str
    business_id: UUID
    conversation_id: UUID | None
    answering: bool


class ReadAnswer(WireObject, kw_only=True):
    """The answer to `mark_read`: the messages that changed, and the new unread count of the reader's side."""

    conversation_id: UUID
    message_ids: list[UUID]
    unread_count: int


class DeliveredAnswer(WireObject, kw_only=True):
    conversation_id: UUID
    message_ids: list[UUID]
