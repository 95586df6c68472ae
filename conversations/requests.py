"""The bodies of REST requests and the data of live commands. Both share a struct if they have the same fields."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

from chatsite.struct_schema import documented
from conversations.serializers import WireObject

CLIENT_TYPES: Final = ("text", "image", "file", "voice")
EMOJI_LENGTH: Final = 64  # code points; the longest emoji has ten

RowId = Annotated[str, documented(format="uuid")]  # operations answer `not_found` to another string
Ids = Annotated[list[RowId], msgspec.Meta(min_length=1), documented(maxItems="receipt_ids")]
ClientId = Annotated[str, documented(minLength=1, maxLength="client_id_length")]
ZonedTime = Annotated[datetime, msgspec.Meta(tz=True)]
Content = Annotated[str, documented(minLength=1, maxLength="message_length")]


class OpenBody(WireObject, kw_only=True):
    """`customerId` is required from a member of the business."""

    business_id: RowId
    customer_id: str | None = None


class SendBody(WireObject, kw_only=True):
    """`content` may be empty with attachments. Without `messageType` it is the kind of the first one, or text."""

    example = {"content": "Is the red bicycle still for sale?", "clientId": "5c1f6f0e-1"}

    content: Annotated[str, documented(maxLength="message_length")] = ""
    message_type: Annotated[str, documented(enum=CLIENT_TYPES)] | None = None
    client_id: ClientId | None = None
    reply_to: RowId | None = None
    attachment_ids: Annotated[list[RowId], documented(maxItems="message_attachments")] = []


class EditBody(WireObject, kw_only=True):
    content: Content


class ConversationBody(WireObject, kw_only=True):
    """The part of a conversation that a user may change: the archive of one's side, and one's own mute and pin.

    `mutedUntil` is a time, or null to unmute. Omitted fields stay as they are.
    """

    example = {"pinned": True}

    archived: bool | msgspec.UnsetType = msgspec.UNSET
    muted_until: datetime | msgspec.UnsetType | None = msgspec.UNSET
    pinned: bool | msgspec.UnsetType = msgspec.UNSET


class UnreadBody(WireObject, kw_only=True):
    """Messages from this `seq` on count as unread again."""

    seq: Annotated[int, documented(minimum=1)]


class ConversationCommand(WireObject, kw_only=True):
    conversation_id: RowId


class LookCommand(WireObject, kw_only=True):
    """The conversation that the user is viewing, or null. `answering` means that the user is writing in it."""

    conversation_id: RowId | None = None
    answering: bool = False


class SendCommand(SendBody, kw_only=True):
    conversation_id: RowId


class ReceiptCommand(WireObject, kw_only=True):
    conversation_id: RowId
    message_ids: Ids


class ReadBody(WireObject, kw_only=True):
    """The messages up to `seq`, or all messages without it."""

    example = {"seq": 7}

    seq: Annotated[int, msgspec.Meta(ge=0)] | None = None


class ReadCommand(ReadBody, kw_only=True):
    """The messages in `messageIds`, or all up to `seq`."""

    conversation_id: RowId
    message_ids: Ids | None = None


class EditCommand(EditBody, kw_only=True):
    message_id: RowId


class ReactionCommand(WireObject, kw_only=True):
    message_id: RowId
    emoji: Annotated[str, documented(minLength=1, maxLength=EMOJI_LENGTH)]


class DeleteCommand(WireObject, kw_only=True):
    message_id: RowId
