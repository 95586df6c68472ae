"""The objects of the wire, as clients see them. Times are aware datetimes in UTC, ids are strings.

Fields that a newer server adds to a message or a conversation are kept in `extra`, under their wire names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from business_chat_client.previews import LastFiles, LastReaction, LastSender
from business_chat_client.wire_object import WireObject

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
