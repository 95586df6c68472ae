"""The events of `conversation.events()` and `client.events()`."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from business_chat_client.objects import ConversationDetails, Message, Notification


class _Event(msgspec.Struct, frozen=True):
    pass


class MessageArrived(_Event, frozen=True):
    """A new message, also one's own. These events come in the order of `seq`, without gaps."""

    message: Message


class MessageEdited(_Event, frozen=True):
    message: Message


class ReactionsChanged(_Event, frozen=True):
    """Somebody added an emoji to the message, or removed one."""

    message: Message


class AttachmentsChanged(_Event, frozen=True):
    """A file of the message has been processed: it is ready, or was rejected."""

    message: Message


class MessageDeleted(_Event, frozen=True):
    """The sender deleted the message, or a moderator hid it. It keeps its place and loses its content."""

    message: Message


class MessagesRemoved(_Event, frozen=True):
    """The operators removed messages, for example by the undo of an import. Later messages may reuse their numbers."""

    messages: tuple[Message, ...]


class MessagesDelivered(_Event, frozen=True):
    """These messages have been delivered to the other side."""

    messages: tuple[Message, ...]


class MessagesRead(_Event, frozen=True):
    """These messages have been read. `reader_id` is None if that happened during an outage."""

    messages: tuple[Message, ...]
    reader_id: str | None = None


class TypingChanged(_Event, frozen=True):
    user_id: str
    is_typing: bool


class ConversationChanged(_Event, frozen=True):
    """The conversation's details have changed: preview, unread counts, archived, frozen."""

    conversation: ConversationDetails


class NotificationArrived(_Event, frozen=True):
    notification: Notification


class NotificationChanged(_Event, frozen=True):
    """The notification has been read on any device."""

    notification: Notification


class NotificationGone(_Event, frozen=True):
    notification_id: str


class PresenceChanged(_Event, frozen=True):
    """The user's presence has changed. `last_seen` is set if the user has gone offline."""

    user_id: str
    online: bool
    last_seen: datetime | None = None


class Resumed(_Event, frozen=True):
    """The client has reconnected. Joined conversations catch up by themselves.

    Other data that was fetched before, such as the list of conversations, may be out of date.
    """


ConversationEvent: TypeAlias = (
    MessageArrived
    | MessageEdited
    | MessageDeleted
    | AttachmentsChanged
    | ReactionsChanged
    | MessagesRemoved
    | MessagesDelivered
    | MessagesRead
    | TypingChanged
    | ConversationChanged
)
ClientEvent: TypeAlias = (
    ConversationChanged
    | NotificationArrived
    | NotificationChanged
    | NotificationGone
    | PresenceChanged
    | Resumed
)
