"""The data of the server's pushes and answers, which the client applies to its state."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from business_chat_client.objects import Attachment, ConversationDetails, Message, Notification, Reaction
from business_chat_client.wire_object import WireObject

Row = TypeVar("Row")


class RevPush(WireObject, frozen=True, kw_only=True):
    """An event of a conversation, at its place in the order. Of an unknown event the client keeps no more than this."""

    conversation_id: str
    rev: int


class MessagePush(RevPush, frozen=True, kw_only=True):
    """`new_message`, `message_edited`, `message_deleted`, and the acks of their commands."""

    message: Message


class ReactionPush(RevPush, frozen=True, kw_only=True):
    """`reactions_updated`, and the acks of its commands: all reactions of the message."""

    message_id: str
    reactions: tuple[Reaction, ...]


class AttachmentPush(RevPush, frozen=True, kw_only=True):
    """`attachment_updated`: a file of a message has been processed."""

    message_id: str
    attachment: Attachment


class ReceiptPush(RevPush, frozen=True, kw_only=True):
    """`messages_delivered` or `messages_read`, by the time that is set."""

    message_ids: list[str]
    read_by: str | None = None
    read_at: datetime | None = None
    delivered_at: datetime | None = None


class UnknownPush(WireObject, frozen=True, kw_only=True):
    """An event that this client does not know."""

    conversation_id: str = ""
    rev: int | None = None


class ConversationPush(RevPush, frozen=True, kw_only=True):
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
    notifications_rev: int = 0


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
