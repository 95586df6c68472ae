"""The wire objects that clients get: one definition for REST, events and acks. What they send is `requests.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from conversations.models import Conversation, Side

MessageType = Literal["text", "image", "file", "voice", "system"]
Status = Literal["sent", "delivered", "read"]
SideName = Literal["customer", "business", "system"]


class WireObject(msgspec.Struct, rename="camel"):
    """Base of what clients see and send."""


# --- Objects ----------------------------------------------------------------------------------------------------------


class BusinessObject(WireObject, kw_only=True):
    id: UUID
    name: str
    slug: str


class PersonObject(WireObject, kw_only=True):
    id: str
    username: str
    name: str


class MessageObject(WireObject, kw_only=True):
    """A message as everybody sees it. A deleted or hidden one keeps its place and loses its content."""

    id: UUID
    conversation_id: UUID
    seq: int
    rev: int
    sender_id: str | None
    sender_side: SideName
    client_id: str | None
    content: str
    message_type: MessageType
    status: Status
    delivered_at: datetime | None
    read_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None
    reply_to: UUID | None
    created_at: datetime


class ParticipantObject(WireObject, kw_only=True):
    """Somebody who may write in a conversation."""

    id: str
    name: str
    side: SideName


class ConversationObject(WireObject, kw_only=True):
    """A conversation as one side sees it: `unreadCount` and `archived` are the reader's."""

    id: UUID
    business_id: UUID
    business: BusinessObject
    customer_id: str
    customer: PersonObject
    last_message: str
    last_message_at: datetime | None
    last_seq: int
    rev: int
    unread_count: int
    business_unread_count: int
    customer_unread_count: int
    archived: bool
    frozen: bool
    created_at: datetime
    updated_at: datetime


class EditObject(WireObject, kw_only=True):
    """What a message said until `replacedAt`."""

    content: str
    replaced_at: datetime


# --- What events and acks carry ---------------------------------------------------------------------------------------


class MessageEvent(WireObject, kw_only=True):
    """`new_message`, `message_edited`, `message_deleted`, and the acks of what caused them."""

    conversation_id: UUID
    rev: int
    message: MessageObject


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
    """`joined_conversation` and the ack of a join: how far the conversation has come."""

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
    """`colleague_looking`; a null `conversationId` ends the view that `viewId` names."""

    view_id: str
    user_id: str
    name: str
    business_id: UUID
    conversation_id: UUID | None
    answering: bool


class ReadAnswer(WireObject, kw_only=True):
    """The answer to a read: what changed, and the reader's side's count after it."""

    conversation_id: UUID
    message_ids: list[UUID]
    unread_count: int


class DeliveredAnswer(WireObject, kw_only=True):
    conversation_id: UUID
    message_ids: list[UUID]


class Head(WireObject, kw_only=True):
    """How far a conversation has come; a client that knows less has something to fetch."""

    last_seq: int
    rev: int


class UnreadAnswer(WireObject, kw_only=True, omit_defaults=True):
    """`more`: there are unread conversations that are counted in `total` and not listed."""

    total: int
    conversations: dict[UUID, int]
    more: bool = False


class SyncedConversation(WireObject, kw_only=True):
    """`messages` are all with a higher `rev` than the client's, by `rev`; or `resync`: fetch it anew."""

    conversation: ConversationObject
    messages: list[MessageObject] = []
    resync: bool = False


# --- From rows --------------------------------------------------------------------------------------------------------

# The columns of a message, in the order that `message_from_row` takes them.
MESSAGE_COLUMNS: Final = (
    "id",
    "conversation_id",
    "seq",
    "rev",
    "sender_id",
    "sender_side",
    "client_id",
    "content",
    "message_type",
    "status",
    "delivered_at",
    "read_at",
    "edited_at",
    "deleted_at",
    "hidden_at",
    "reply_to_id",
    "created_at",
)


def message_from_row(row: tuple[Any, ...]) -> MessageObject:
    """A row of MESSAGE_COLUMNS as clients see it: no content once it is deleted or hidden."""
    (id_, conversation_id, seq, rev, sender_id, side, client_id, content, type_, status) = row[:10]
    (delivered_at, read_at, edited_at, deleted_at, hidden_at, reply_to, created_at) = row[10:17]
    gone_at = deleted_at or hidden_at
    return MessageObject(
        id=id_,
        conversation_id=conversation_id,
        seq=seq,
        rev=rev,
        sender_id=None if sender_id is None else str(sender_id),
        sender_side=side,
        client_id=client_id,
        content="" if gone_at else content,
        message_type=type_,
        status=status,
        delivered_at=delivered_at,
        read_at=read_at,
        edited_at=edited_at,
        deleted_at=gone_at,
        reply_to=reply_to,
        created_at=created_at,
    )


def person_object(user: Any) -> PersonObject:
    return PersonObject(
        id=str(user.pk), username=user.get_username(), name=user.get_full_name() or user.get_username()
    )


def business_object(business: Any) -> BusinessObject:
    return BusinessObject(id=business.pk, name=business.name, slug=business.slug)


def conversation_object(conversation: Conversation, side: str) -> ConversationObject:
    """The conversation as `side` (customer or business) sees it; needs business and customer loaded."""
    unread, archived = _own_to(side, conversation)
    return ConversationObject(
        id=conversation.pk,
        business_id=conversation.business_id,
        business=business_object(conversation.business),
        customer_id=str(conversation.customer_id),
        customer=person_object(conversation.customer),
        last_message=conversation.last_message,
        last_message_at=conversation.last_message_at,
        last_seq=conversation.last_seq,
        rev=conversation.rev,
        unread_count=unread,
        business_unread_count=conversation.business_unread,
        customer_unread_count=conversation.customer_unread,
        archived=archived,
        frozen=conversation.frozen_at is not None,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
    )


def turn_to(side: str, shown: ConversationObject, conversation: Conversation) -> None:
    """Make the object of the other side that of `side`: most of it is the same."""
    shown.unread_count, shown.archived = _own_to(side, conversation)


def _own_to(side: str, conversation: Conversation) -> tuple[int, bool]:
    if side == Side.CUSTOMER:
        return conversation.customer_unread, conversation.customer_archived
    return conversation.business_unread, conversation.business_archived
