"""The bodies of REST requests and the data of live commands. Both share a struct if they have the same fields."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from conversations.serializers import WireObject

Ids = Annotated[list[str], msgspec.Meta(min_length=1)]


class OpenBody(WireObject, kw_only=True):
    """`customerId` is required from a member of the business."""

    business_id: str
    customer_id: str | None = None


class SendBody(WireObject, kw_only=True):
    """`content` may be empty with attachments. Without `messageType` it is the kind of the first one, or text."""

    content: str = ""
    message_type: str | None = None
    client_id: str | None = None
    reply_to: str | None = None
    attachment_ids: list[str] = []


class EditBody(WireObject, kw_only=True):
    content: str


class ConversationBody(WireObject, kw_only=True):
    """The part of a conversation that a user may change: the archive of one's side, and one's own mute and pin.

    `mutedUntil` is a time, or null to hear of it again. What is left out stays.
    """

    archived: bool | msgspec.UnsetType = msgspec.UNSET
    muted_until: datetime | msgspec.UnsetType | None = msgspec.UNSET
    pinned: bool | msgspec.UnsetType = msgspec.UNSET


class UnreadBody(WireObject, kw_only=True):
    """Messages from this `seq` on count as unread again."""

    seq: int


class ConversationCommand(WireObject, kw_only=True):
    conversation_id: str


class LookCommand(WireObject, kw_only=True):
    """The conversation that the user is viewing, or null. `answering` means that the user is writing in it."""

    conversation_id: str | None = None
    answering: bool = False


class SendCommand(SendBody, kw_only=True):
    conversation_id: str


class ReceiptCommand(WireObject, kw_only=True):
    conversation_id: str
    message_ids: Ids


class ReadBody(WireObject, kw_only=True):
    """The messages up to `seq`, or all messages without it."""

    seq: Annotated[int, msgspec.Meta(ge=0)] | None = None


class ReadCommand(ReadBody, kw_only=True):
    """The messages in `messageIds`, or all up to `seq`."""

    conversation_id: str
    message_ids: Ids | None = None


class EditCommand(EditBody, kw_only=True):
    message_id: str


class ReactionCommand(WireObject, kw_only=True):
    message_id: str
    emoji: str


class DeleteCommand(WireObject, kw_only=True):
    message_id: str
