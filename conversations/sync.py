"""`sync`: everything that a client has missed, in one answer, never with a hole.

Other apps add their part (notifications do) through `sections`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings

from chatsite.errors import DomainError
from chatsite.realtime.database import in_database_thread
from chatsite.realtime.registry import command
from chatsite.realtime.session import Session
from conversations import operations, queries
from conversations.access import UserId, user_key
from conversations.serializers import WireObject


class SyncCommand(WireObject, kw_only=True):
    """`conversations`: id → the last `rev` that the client has applied (0: nothing)."""

    conversations: dict[str, int] = {}
    notifications_after: str | None = None


Section = Callable[[UserId, SyncCommand], dict[str, Any]]
sections: Final[list[Section]] = []


def synchronise(user_id: UserId, data: SyncCommand) -> dict[str, Any]:
    """`{conversations: {id: {conversation, messages, resync?}}, unread: {total, conversations}, …sections}`."""
    limit = settings.CHAT.sync_conversations
    if len(data.conversations) > limit:
        raise DomainError(
            "too_large",
            f"At most {limit} conversations in one sync.",
            {"field": "conversations", "limit": limit},
        )
    synced = queries.changes_since(user_id, data.conversations)
    fresh = [
        message
        for part in synced.conversations.values()
        for message in queries.undelivered(part.messages, synced.sides[part.conversation.id])
    ]
    if operations.mark_delivered(user_id=user_id, messages=fresh):
        synced = queries.changes_since(user_id, data.conversations)  # with the receipts just given
    answer: dict[str, Any] = {"conversations": synced.conversations, "unread": queries.unread(user_id)}
    for section in sections:
        answer.update(section(user_id, data))
    return answer


@command("sync", SyncCommand)
async def sync(session: Session, data: SyncCommand) -> dict[str, Any]:
    return await in_database_thread(synchronise, user_key(session.user_id), data)
