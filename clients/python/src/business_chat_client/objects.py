"""The objects of the wire, as clients see them. Times are aware datetimes in UTC, ids are strings.

Fields that a newer server adds to a message or a conversation are kept in `extra`, under their wire names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from business_chat_client.previews import LastFiles, LastReaction, LastSender
from business_chat_client.wire_object import WireObject

Row = TypeVar("Row")
Side = Literal["customer", "business", "system"]


class Reaction(WireObject, frozen=True, kw_only=True):
    """An emoji on a message, and the ids of the users who added it, in order."""

    emoji: str
    count: int
    user_ids: tuple[str, ...]


class Attachment(WireObject, frozen=True, kw_only=True):
    """A file. `url` and `thumbnail_url` are None until `state` is `ready`; they may be below the server's address."""

    id: str
    kind: str
    name: str
    alt: str | None = None
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: tuple[int, ...] | None = None
    placeholder: str | None = None
    state: str
    reason: str | None = None
    url: str | None = None
    thumbnail_url: str | None = None


class Message(WireObject, frozen=True, kw_only=True):
    """One message. `seq` is its place in the conversation, `rev` the place of its last change.

    A deleted message keeps its place, has `deleted_at`, and no content.
    """

    id: str
    conversation_id: str
    seq: int
    rev: int
    sender_id: str | None
    sender_side: Side
    client_id: str | None
    content: str
    message_type: str
    status: Literal["sent", "delivered", "read"]
    delivered_at: datetime | None
    read_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None
    reply_to: str | None
    created_at: datetime
    reactions: tuple[Reaction, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sender_kind: str = "person"  # or bot, system
    via: str | None = None  # "email" for an answer by mail
    extra: dict[str, Any] = {}


class Business(WireObject, frozen=True, kw_only=True):
    """A business. `role` is set for the user's own businesses: `owner` or `agent`."""

    id: str
    name: str
    slug: str
    role: str | None = None


class Person(WireObject, frozen=True, kw_only=True):
    id: str
    username: str
    name: str


class OwnState(WireObject, frozen=True, kw_only=True):
    """The reader's private settings. `state_rev` counts the changes; `unread_from` is the `seq` of a mark."""

    state_rev: int
    muted_until: datetime | None = None
    pinned: bool = False
    unread_from: int | None = None


class ConversationDetails(WireObject, frozen=True, kw_only=True):
    """A conversation without its messages. `unread_count`, `archived` and `blocked` belong to the reader's side.

    `own` is None if the reader has set nothing, and in events for a whole side.
    """

    id: str
    business_id: str
    business: Business
    customer_id: str
    customer: Person
    last_message: str
    last_files: LastFiles | None = None
    last_reaction: LastReaction | None = None
    last_sender: LastSender | None = None
    last_message_at: datetime | None
    last_seq: int
    rev: int
    unread_count: int
    business_unread_count: int
    customer_unread_count: int
    archived: bool
    blocked: bool = False
    own: OwnState | None = None
    team_rev: int | None = None  # only for members
    frozen: bool = False
    created_at: datetime
    updated_at: datetime
    extra: dict[str, Any] = {}


class Notification(WireObject, frozen=True, kw_only=True):
    id: str
    type: str
    title: str
    body: str
    action_url: str | None = None
    data: Any = None
    read_at: datetime | None = None
    created_at: datetime


class Presence(WireObject, frozen=True, kw_only=True):
    user_id: str
    online: bool
    last_seen: datetime | None


class Unread(WireObject, frozen=True, kw_only=True):
    """Unread counts: the total, the total of muted conversations, and the count by conversation id."""

    total: int
    conversations: dict[str, int]
    muted: int = 0
    muted_until: dict[str, datetime] = {}


class Profile(WireObject, frozen=True, kw_only=True):
    """The user, and the user's businesses."""

    id: str
    username: str
    name: str = ""
    email: str = ""
    is_staff: bool = False
    businesses: tuple[Business, ...] = ()


# --- The data of pushes and answers --------------------------------------------------------------------------------


class MessagePush(WireObject, frozen=True, kw_only=True):
    """`new_message`, `message_edited`, `message_deleted`, and the acks of their commands."""

    conversation_id: str
    rev: int
    message: Message


class ReactionPush(WireObject, frozen=True, kw_only=True):
    """`reactions_updated`, and the acks of its commands: all reactions of the message."""

    conversation_id: str
    rev: int
    message_id: str
    reactions: tuple[Reaction, ...]


class AttachmentPush(WireObject, frozen=True, kw_only=True):
    """`attachment_updated`: a file of a message has been processed."""

    conversation_id: str
    rev: int
    message_id: str
    attachment: Attachment


class ReceiptPush(WireObject, frozen=True, kw_only=True):
    """`messages_delivered` or `messages_read`, by the time that is set."""

    conversation_id: str
    rev: int
    message_ids: list[str]
    read_by: str | None = None
    read_at: datetime | None = None
    delivered_at: datetime | None = None


class UnknownPush(WireObject, frozen=True, kw_only=True):
    """An event that this client does not know."""

    conversation_id: str = ""
    rev: int | None = None


class RevPush(WireObject, frozen=True, kw_only=True):
    """The `rev` of an event that this client does not know."""

    conversation_id: str
    rev: int


class ConversationPush(WireObject, frozen=True, kw_only=True):
    conversation_id: str
    rev: int
    conversation: ConversationDetails


class TypingPush(WireObject, frozen=True, kw_only=True):
    conversation_id: str
    user_id: str
    is_typing: bool


class PresencePush(WireObject, frozen=True, kw_only=True):
    """`user_online` and `user_offline`."""

    user_id: str
    last_seen: datetime | None = None


class NotificationPush(WireObject, frozen=True, kw_only=True):
    """`notification`. `rev` numbers the changes of the user's inbox."""

    rev: int = 0


class ConversationRevs(WireObject, frozen=True, kw_only=True):
    last_seq: int
    rev: int
    state_rev: int | None = None


class Heartbeat(WireObject, frozen=True, kw_only=True):
    conversations: dict[str, ConversationRevs]


class SyncedConversation(WireObject, frozen=True, kw_only=True):
    conversation: ConversationDetails
    messages: list[Message] = []
    resync: bool = False


class SyncAnswer(WireObject, frozen=True, kw_only=True):
    conversations: dict[str, SyncedConversation]
    notifications: list[Notification] = []
    notifications_deleted: list[str] = []
    notifications_rev: int = 0
    notifications_resync: bool = False


class ReadAnswer(WireObject, frozen=True, kw_only=True):
    """The messages that `mark_read` changed, and the side's unread count after it."""

    conversation_id: str
    message_ids: list[str]
    unread_count: int


class TokenPair(WireObject, frozen=True, kw_only=True):
    access: str
    refresh: str | None = None


class Page(WireObject, Generic[Row], frozen=True, kw_only=True):
    """`next` is a link, or None on the last page."""

    results: list[Row]
    next: str | None = None


class Count(WireObject, frozen=True, kw_only=True):
    total: int


class AttentionAnswer(WireObject, frozen=True, kw_only=True):
    repeat_after_seconds: float
