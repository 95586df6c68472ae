"""The wire objects that clients receive, one definition for REST, events and acks. `requests` has what they send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

import msgspec

from chatsite.identity.names import display_name, public_username
from conversations.attachment_objects import AttachmentObject, attachments_from_json
from conversations.columns import CONVERSATIONS, MESSAGES
from conversations.models import ChatMessage, Conversation, Side
from conversations.preview_objects import LastFilesObject, LastReactionObject, LastSenderObject
from conversations.team_revs import team_rev_of

MessageType = Literal["text", "image", "file", "voice", "system"]
Status = Literal["sent", "delivered", "read"]
SenderKindName = Literal["person", "bot", "system"]
ViaName = Literal["email"]
SideName = Literal["customer", "business", "system"]


class WireObject(msgspec.Struct, rename="camel"):
    """The base class of everything that clients receive and send. `example` has values of fields for OpenAPI."""

    example: ClassVar[Mapping[str, Any]] = {}


# --- Objects ----------------------------------------------------------------------------------------------------------


class BusinessObject(WireObject, kw_only=True):
    example = {"name": "Northwind Cycles"}

    id: UUID
    name: str
    slug: str


class PersonObject(WireObject, kw_only=True):
    id: str
    username: str
    name: str


class ReactionObject(WireObject, kw_only=True):
    """An emoji on a message, and the ids of the users who added it, in order."""

    emoji: str
    count: int
    user_ids: list[str]


class MessageObject(WireObject):
    """A message. A deleted or hidden message keeps its place and loses its content.

    `via` is missing unless the message came in by mail.
    """

    example = {
        "senderId": "7",
        "senderSide": "customer",
        "clientId": "5c1f6f0e-1",
        "messageType": "text",
        "status": "sent",
        "attachments": [],
    }

    # In the order of the columns in `conversations.columns`.
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
    reactions: list[ReactionObject] = []
    attachments: list[AttachmentObject] = []
    sender_kind: SenderKindName = "person"
    via: ViaName | msgspec.UnsetType = msgspec.UNSET


class ParticipantObject(WireObject, kw_only=True):
    """A person who may write in a conversation."""

    id: str
    name: str
    side: SideName


class OwnStateObject(WireObject, kw_only=True):
    """What the reader keeps for themselves. `stateRev` counts its changes; `unreadFrom` is the `seq` of a mark."""

    state_rev: int
    muted_until: datetime | None
    pinned: bool
    unread_from: int | None


class ConversationObject(WireObject):
    """A conversation as one side sees it. `unreadCount`, `archived` and `blocked` are those of the reader's side.

    `lastMessage` is the text of the last message. A list shows `lastReaction` or else `lastFiles` instead, if not null.
    `lastSender` is null until the conversation has a message from a server that knows the field.
    `own` is missing in events for a whole side, and if the reader has never set any of it. `teamRev` counts the changes
    of the team's side. Only members of the business have it, and only once the team has changed something.
    """

    example = {"lastMessageAt": "2026-11-23T14:10:52.141095Z", "lastSender": None}

    # The first ones are in the order of the columns in `conversations.columns`.
    id: UUID
    business_id: UUID
    customer_id: str
    last_message: str
    last_message_at: datetime | None
    last_seq: int
    rev: int
    business_unread_count: int
    customer_unread_count: int
    frozen: bool
    created_at: datetime
    updated_at: datetime
    last_files: LastFilesObject | None
    last_reaction: LastReactionObject | None
    last_sender: LastSenderObject | None
    business: BusinessObject
    customer: PersonObject
    unread_count: int
    archived: bool
    blocked: bool  # the reader's side has blocked the other
    own: OwnStateObject | msgspec.UnsetType = msgspec.UNSET
    team_rev: int | msgspec.UnsetType = msgspec.UNSET


class EditObject(WireObject, kw_only=True):
    """The content of a message until `replacedAt`."""

    content: str
    replaced_at: datetime


# --- Revisions and unread counts --------------------------------------------------------------------------------------


class ConversationRevs(WireObject, kw_only=True):
    """The last `seq` and `rev` of a conversation. A client with a lower `rev` has missed something."""

    last_seq: int
    rev: int
    state_rev: int | msgspec.UnsetType = msgspec.UNSET  # of the user's own state, if there is one
    team_rev: int | msgspec.UnsetType = msgspec.UNSET  # for members, if the team has changed anything


class UnreadAnswer(WireObject, kw_only=True, omit_defaults=True):
    """Unread counts. `total` does not include muted conversations, which `muted` counts; `conversations` has both.

    With `more`, the counts include conversations that are not in the list.
    """

    total: int
    conversations: dict[UUID, int]
    more: bool = False
    muted: int = 0
    muted_until: dict[UUID, datetime] = {}  # of each conversation that is muted now


class SyncedConversation(WireObject, kw_only=True):
    """The messages with a higher `rev` than the client's, ordered by `rev`. With `resync`, fetch everything again."""

    conversation: ConversationObject
    messages: list[MessageObject] = []
    resync: bool = False


# --- From rows --------------------------------------------------------------------------------------------------------

MESSAGES.check_object(MessageObject)
_SENDER, _CONTENT, _DELETED_AT, _HIDDEN_AT, _REACTIONS, _ATTACHMENTS, _VIA = map(
    MESSAGES.names.index,
    ("sender_id", "content", "deleted_at", "hidden_at", "reactions", "attachments", "via"),
)
_decode_reactions: Final = msgspec.json.Decoder(list[ReactionObject]).decode


def messages_from_rows(rows: Iterable[Sequence[Any]]) -> list[MessageObject]:
    """Turn rows of `MESSAGES.names` into wire objects.

    Every message object is made here. To add data of another table, run one query for all rows here.
    """
    return [_message_from_row(row) for row in rows]


def message_from_model(message: ChatMessage) -> MessageObject:
    [shown] = messages_from_rows([_message_values(message)])
    return shown


def _message_from_row(row: Sequence[Any]) -> MessageObject:
    """Return the wire object. A deleted or hidden message has no content."""
    values = list(row)
    values[_VIA] = values[_VIA] or msgspec.UNSET
    hidden_at = values.pop(_HIDDEN_AT)
    if values[_SENDER] is not None:
        values[_SENDER] = str(values[_SENDER])
    stored = values[_REACTIONS]
    values[_REACTIONS] = _decode_reactions(stored) if stored else []
    stored = values[_ATTACHMENTS]
    gone_at = values[_DELETED_AT] or hidden_at
    if gone_at:
        values[_DELETED_AT], values[_CONTENT], values[_REACTIONS] = gone_at, "", []
    values[_ATTACHMENTS] = attachments_from_json(stored) if stored and not gone_at else []
    return MessageObject(*values)


_message_values: Final = attrgetter(*MESSAGES.names)


def person_object(user: Any) -> PersonObject:
    return PersonObject(id=str(user.pk), username=public_username(user), name=display_name(user))


def business_object(business: Any) -> BusinessObject:
    return BusinessObject(id=business.pk, name=business.name, slug=business.slug)


CONVERSATIONS.check_object(
    ConversationObject, "business", "customer", "unread_count", "archived", "blocked", "own", "team_rev"
)
_conversation_values: Final = attrgetter(*(column.name for column in CONVERSATIONS.shown))
_CONVERTED: Final = [
    (place, column.convert) for place, column in enumerate(CONVERSATIONS.shown) if column.convert is not None
]


def conversation_object(conversation: Conversation, side: str) -> ConversationObject:
    """Return the conversation as `side` sees it. Business and customer must be loaded."""
    values = list(_conversation_values(conversation))
    for place, convert in _CONVERTED:
        values[place] = convert(values[place])
    business, customer = business_object(conversation.business), person_object(conversation.customer)
    shown = ConversationObject(*[*values, business, customer, *_own_to(side, conversation)])
    shown.updated_at = _updated_at(side, conversation)
    if side == Side.BUSINESS:
        shown.team_rev = team_rev_of(conversation)
    return shown


def turn_to(side: str, shown: ConversationObject, conversation: Conversation) -> None:
    """Change the object of the other side into that of `side`. Only these fields differ."""
    shown.unread_count, shown.archived, shown.blocked = _own_to(side, conversation)
    shown.updated_at = _updated_at(side, conversation)
    shown.team_rev = team_rev_of(conversation) if side == Side.BUSINESS else msgspec.UNSET


def _own_to(side: str, conversation: Conversation) -> tuple[int, bool, bool]:
    if side == Side.CUSTOMER:
        return conversation.customer_unread, conversation.customer_archived, conversation.business_blocked
    return conversation.business_unread, conversation.business_archived, conversation.customer_blocked


def _updated_at(side: str, conversation: Conversation) -> datetime:
    """Return the time of the last change that the side sees."""
    is_customer = side == Side.CUSTOMER
    own = conversation.customer_updated_at if is_customer else conversation.business_updated_at
    return conversation.updated_at if own is None else max(own, conversation.updated_at)
