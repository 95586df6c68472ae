"""The previews that lists show instead of the text of the last message."""

from __future__ import annotations

from business_chat_client.wire_object import WireObject


class LastFiles(WireObject, frozen=True, kw_only=True):
    """The files of a last message without a text. `kind` is `file` if they are of several kinds."""

    kind: str
    count: int
    duration_ms: int | None = None


class LastReaction(WireObject, frozen=True, kw_only=True):
    """The newest reaction since the last message."""

    message_id: str
    user_id: str
    emoji: str
    excerpt: str


class LastSender(WireObject, frozen=True, kw_only=True):
    """Who sent the last message, and what became of it. `user_id` is None for the system."""

    user_id: str | None
    side: str
    status: str
