"""The events of conversations, and the groups that receive them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from conversations.access import UserId
from conversations.models import Conversation, Side
from conversations.payloads import (
    AttachmentEvent,
    ConversationEvent,
    DeliveredEvent,
    JoinedEvent,
    LookingEvent,
    MessageEvent,
    ReactionsEvent,
    ReadEvent,
    TypingEvent,
)
from conversations.serializers import ConversationObject, MessageObject, conversation_object, turn_to

# Control messages for the sessions of one user; clients never see them.
MEMBERSHIP_BEGAN = "~membership_began"
MEMBERSHIP_ENDED = "~membership_ended"
CONTACT_BEGAN = "~contact_began"


class MessageNote(msgspec.Struct, array_like=True, frozen=True):
    """Lets the session that receives a message tell whether the other side sent it."""

    conversation_id: str
    message_id: str
    sender_side: str
    customer_id: str


class BusinessChange(msgspec.Struct):
    """The data of the control messages above."""

    business_id: UUID


def message_payload(message: MessageObject) -> bytes:
    """Return the JSON of `new_message`, `message_edited` and `message_deleted`, and of their acks."""
    return msgspec.json.encode(
        MessageEvent(conversation_id=message.conversation_id, rev=message.rev, message=message)
    )


def message_sent(message: MessageObject, customer_id: UserId, payload: bytes) -> Addressed:
    note = MessageNote(str(message.conversation_id), str(message.id), message.sender_side, str(customer_id))
    event = Event("new_message", payload, rev=message.rev, note=note, exclude_user=_own_bot(message))
    return groups.conversation(message.conversation_id), event


def message_edited(message: MessageObject, payload: bytes) -> Addressed:
    event = Event("message_edited", payload, rev=message.rev, exclude_user=_own_bot(message))
    return groups.conversation(message.conversation_id), event


def message_deleted(message: MessageObject, payload: bytes) -> Addressed:
    event = Event("message_deleted", payload, rev=message.rev, exclude_user=_own_bot(message))
    return groups.conversation(message.conversation_id), event


def _own_bot(message: MessageObject) -> str | None:
    """Return the bot that sent the message, if one did.

    It does not receive its own messages, because a simple bot would answer itself endlessly.
    """
    return message.sender_id if message.sender_kind == "bot" else None


def reactions_updated(message: MessageObject, payload: bytes) -> Addressed:
    event = Event.of("reactions_updated", reactions_of(message), rev=message.rev)
    return groups.conversation(message.conversation_id), event


def reactions_of(message: MessageObject) -> ReactionsEvent:
    """Return the data of `reactions_updated`, and of the acks of `add_reaction` and `remove_reaction`."""
    return ReactionsEvent(
        conversation_id=message.conversation_id,
        rev=message.rev,
        message_id=message.id,
        reactions=message.reactions,
    )


def attachment_updated(attachment_id: UUID, message: MessageObject, payload: bytes) -> Addressed:
    [attachment] = [one for one in message.attachments if one.id == attachment_id]
    data = AttachmentEvent(
        conversation_id=message.conversation_id, rev=message.rev, message_id=message.id, attachment=attachment
    )
    return groups.conversation(message.conversation_id), Event.of("attachment_updated", data, rev=message.rev)


def messages_read(
    conversation_id: UUID, *, rev: int, message_ids: Sequence[UUID], reader_id: UserId, at: datetime
) -> Addressed:
    data = ReadEvent(
        conversation_id=conversation_id,
        rev=rev,
        message_ids=list(message_ids),
        read_by=str(reader_id),
        read_at=at,
    )
    return groups.conversation(conversation_id), Event.of("messages_read", data, rev=rev)


def messages_delivered(
    conversation_id: UUID, *, rev: int, message_ids: Sequence[UUID], at: datetime
) -> Addressed:
    data = DeliveredEvent(
        conversation_id=conversation_id, rev=rev, message_ids=list(message_ids), delivered_at=at
    )
    return groups.conversation(conversation_id), Event.of("messages_delivered", data, rev=rev)


def conversation_updated(conversation: Conversation) -> list[Addressed]:
    """Address every socket of both sides, joined or not. Each side sees its own unread count.

    The customer's comes first.
    """
    shown = conversation_object(conversation, Side.CUSTOMER)
    data = ConversationEvent(conversation_id=shown.id, rev=shown.rev, conversation=shown)
    to_customer = Event.of("conversation_updated", data)
    turn_to(Side.BUSINESS, shown, conversation)
    to_business = Event.of("conversation_updated", data)
    return [
        (groups.user(shown.customer_id), to_customer),
        (groups.business_members(shown.business_id), to_business),
    ]


def conversation_created(conversation: Conversation) -> Addressed:
    """Return what webhooks get of a new conversation, as the business sees it. No socket has joined it yet."""
    shown = conversation_object(conversation, Side.BUSINESS)
    data = ConversationEvent(conversation_id=shown.id, rev=shown.rev, conversation=shown)
    return groups.conversation(shown.id), Event.of("conversation_created", data)


def conversation_updated_for(user_id: str, shown: ConversationObject) -> Addressed:
    """Address every socket of one user, with the conversation as that user sees it."""
    data = ConversationEvent(conversation_id=shown.id, rev=shown.rev, conversation=shown)
    return groups.user(user_id), Event.of("conversation_updated", data)


def conversations_updated(conversations: Iterable[Conversation]) -> list[Addressed]:
    return [addressed for conversation in conversations for addressed in conversation_updated(conversation)]


def business_changed(name: str, user_id: UserId, business_id: UUID) -> Addressed:
    """Return a control message for every session of the user, about a business."""
    return groups.user(str(user_id)), Event.of(name, BusinessChange(business_id))


# Who receives each event, for the AsyncAPI document.
JOINED = "Sockets that joined the conversation."
READ = "messages:read"
registry.event("joined_conversation", JoinedEvent, "The socket that joined.", scope=READ)
registry.event("new_message", MessageEvent, JOINED, scope=READ)
registry.event("message_edited", MessageEvent, JOINED, scope=READ)
registry.event("message_deleted", MessageEvent, JOINED, scope=READ)
registry.event("reactions_updated", ReactionsEvent, JOINED, scope=READ)
registry.event("attachment_updated", AttachmentEvent, JOINED, scope=READ)
registry.event("messages_read", ReadEvent, JOINED, scope=READ)
registry.event("messages_delivered", DeliveredEvent, JOINED, scope=READ)
registry.event(
    "user_typing", TypingEvent, "Sockets that joined the conversation, not the typist's.", scope=READ
)
registry.event("colleague_looking", LookingEvent, "Every socket of the business's other members.")
registry.event(
    "conversation_updated",
    ConversationEvent,
    "Every socket of both sides, joined or not; or of one user, where it shows what the user keeps for themselves.",
    scope=READ,
)
