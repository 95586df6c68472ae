"""What `conversation.events()` and `client.events()` yield."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from business_chat_client.objects import ConversationDetails, Message, Notification


class _Event(msgspec.Struct, frozen=True):
    pass


class MessageArrived(_Event, frozen=True):
    """A message of anybody's, one's own included. In the order of `seq`, without a hole."""

    message: Message


class MessageEdited(_Event, frozen=True):
    message: Message


class ReactionsChanged(_Event, frozen=True):
    """Somebody put an emoji on the message, or took one off."""

    message: Message


class AttachmentsChanged(_Event, frozen=True):
    """A file of the message has been processed: it is ready, or was rejected."""

    message: Message


class MessageDeleted(_Event, frozen=True):
    """By its sender, or hidden by a moderator: the place stays, the content is gone."""

    message: Message


class MessagesRemoved(_Event, frozen=True):
    """Taken out of the conversation by those who run the site, such as the end of it when an import is undone. Their
    numbers may be given to later messages."""

    messages: tuple[Message, ...]


class MessagesDelivered(_Event, frozen=True):
    """These messages have reached the other side than their sender's."""

    messages: tuple[Message, ...]


class MessagesRead(_Event, frozen=True):
    """These messages have been read. `reader_id` is None for what happened while the client was away."""

    messages: tuple[Message, ...]
    reader_id: str | None = None


class TypingChanged(_Event, frozen=True):
    user_id: str
    is_typing: bool


class ConversationChanged(_Event, frozen=True):
    """The head as it is now: preview, unread counts, archived, frozen."""

    conversation: ConversationDetails


class NotificationArrived(_Event, frozen=True):
    notification: Notification


class NotificationChanged(_Event, frozen=True):
    """It has been read, on whatever device."""

    notification: Notification


class NotificationGone(_Event, frozen=True):
    notification_id: str


class PresenceChanged(_Event, frozen=True):
    """`last_seen` is set where the user has gone offline."""

    user_id: str
    online: bool
    last_seen: datetime | None = None


class Resumed(_Event, frozen=True):
    """The client was away and is back. Joined conversations catch up by themselves; what else was fetched before,
    such as the list of conversations, may be out of date."""


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
