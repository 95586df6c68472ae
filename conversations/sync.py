"""Let a client find out that it has missed something (`heartbeat`), and fetch all of it (`sync`).

Other apps add their part through `sections` and `heartbeat_sections`; notifications do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError
from chatsite.http.byte_budget import ByteBudget
from chatsite.observability.metrics import measures
from chatsite.realtime.interfaces import Session
from chatsite.realtime.registry import command
from conversations import history, operations, queries
from conversations.access import UserId, user_key
from conversations.serializers import Head, SyncedConversation, UnreadAnswer, WireObject
from conversations.session_state import state_of


class SyncCommand(WireObject, kw_only=True):
    """`conversations`: id → the last `rev` that the client has applied (0: nothing)."""

    conversations: dict[str, int] = {}
    notifications_after: str | None = None


class HeartbeatCommand(WireObject, kw_only=True):
    pass


class SyncAnswer(WireObject, kw_only=True):
    """A conversation that the user may not see is left out."""

    conversations: dict[UUID, SyncedConversation]
    unread: UnreadAnswer


class HeartbeatAnswer(WireObject, kw_only=True):
    """The last `seq` and `rev` of each joined conversation. A client with another `rev` has missed something."""

    conversations: dict[UUID, Head]
    server_time: datetime


# What a section adds is counted against the bytes of the answer that are left.
Section = Callable[[UserId, SyncCommand, ByteBudget], dict[str, Any]]
sections: Final[list[Section]] = []
# Of many users at once: a heartbeat comes from every socket, all the time.
heartbeat_sections: Final[list[Callable[[Collection[UserId]], dict[UserId, dict[str, Any]]]]] = []
# What each answer is, for the document of the protocol: an app that adds a section adds its struct.
sync_answers: Final[list[type[WireObject]]] = [SyncAnswer]
heartbeat_answers: Final[list[type[WireObject]]] = [HeartbeatAnswer]


def synchronise(user_id: UserId, data: SyncCommand) -> dict[str, Any]:
    """`{conversations: {id: {conversation, messages, resync?}}, unread: {total, conversations}, …sections}`."""
    limit = settings.CHAT.sync_conversations
    if len(data.conversations) > limit:
        raise DomainError(
            "too_large",
            f"At most {limit} conversations in one sync.",
            {"field": "conversations", "limit": limit},
        )
    budget = ByteBudget()
    synced = history.changes_since(user_id, data.conversations, budget)
    fresh = [
        message
        for part in synced.conversations.values()
        for message in history.undelivered(part.messages, synced.sides[part.conversation.id])
    ]
    if operations.mark_delivered(user_id=user_id, messages=fresh):
        budget = ByteBudget()
        synced = history.changes_since(user_id, data.conversations, budget)  # with the receipts just given
    measures.resyncs.add(sum(part.resync for part in synced.conversations.values()))
    answer: dict[str, Any] = {"conversations": synced.conversations, "unread": queries.unread(user_id)}
    for section in sections:
        answer.update(section(user_id, data, budget))
    return answer


def sync_cost(data: SyncCommand) -> float:
    return 1 + len(data.conversations) / 20


@command("sync", SyncCommand, answer=sync_answers, cost=sync_cost)
async def sync(session: Session, data: SyncCommand) -> dict[str, Any]:
    """Return everything that happened after the given revisions, or `resync` where that is too much."""
    return await in_database_thread(synchronise, user_key(session.user_id), data)


def heads_of(asked: list[tuple[UserId, list[UUID]]]) -> list[dict[str, Any]]:
    """For each user and some conversations: how far these have come, and what the sections have to tell.

    The caller has checked access. Two queries, however many ask.
    """
    heads = queries.heads({key for _, followed in asked for key in followed})
    told = [section({user_id for user_id, _ in asked}) for section in heartbeat_sections]
    answers = []
    for user_id, followed in asked:
        found = {key: heads[key] for key in followed if key in heads}
        answer: dict[str, Any] = {"conversations": found, "serverTime": timezone.now()}
        for section in told:
            answer.update(section[user_id])
        answers.append(answer)
    return answers


@command("heartbeat", HeartbeatCommand, answer=heartbeat_answers, cost=0.1, essential=True)
async def heartbeat(session: Session, data: HeartbeatCommand) -> dict[str, Any]:
    """Return the last `seq` and `rev` of the joined conversations, so that a client notices a lost last event."""
    joined: list[UUID] = list(state_of(session).joined)
    return await session.runtime.ask(heads_of, (user_key(session.user_id), joined))
