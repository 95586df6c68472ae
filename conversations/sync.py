"""The commands `heartbeat`, which shows a client that it has missed changes, and `sync`, which fetches them.

Other apps such as notifications add their parts through `sections` and `heartbeat_sections`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from msgspec import UNSET

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError
from chatsite.http.byte_budget import ByteBudget
from chatsite.observability.metrics import measures
from chatsite.realtime.identity import Identity
from chatsite.realtime.interfaces import Session
from chatsite.realtime.registry import command
from conversations import history, operations, queries
from conversations.access import UserId, user_key
from conversations.own_objects import latest_state_revs
from conversations.serializers import ConversationRevs, SyncedConversation, UnreadAnswer, WireObject
from conversations.session_state import state_of
from conversations.unread_counts import count_unread


class SyncCommand(WireObject, kw_only=True):
    """`conversations` maps ids to the last `rev` that the client has applied, or 0; `team` maps to the `teamRev`."""

    conversations: dict[str, int] = {}
    notifications_after: str | None = None
    team: dict[str, int] = {}


class HeartbeatCommand(WireObject, kw_only=True):
    pass


class SyncAnswer(WireObject, kw_only=True):
    """Leaves out conversations that the user may not see."""

    conversations: dict[UUID, SyncedConversation]
    unread: UnreadAnswer


class HeartbeatAnswer(WireObject, kw_only=True):
    """The last `seq` and `rev` of each joined conversation, and the `stateRev` of the user's own state in it.

    Members of the business also get the `teamRev`. A client with another number has missed something.
    """

    conversations: dict[UUID, ConversationRevs]
    server_time: datetime


# A section takes its bytes from the budget of the answer. It leaves out what the scopes of an API key do not cover. The
# identity is None for everything that the user may do.
Section = Callable[[UserId, SyncCommand, ByteBudget, Identity | None], dict[str, Any]]
sections: Final[list[Section]] = []
# These answer for many users at once, because every socket sends heartbeats.
heartbeat_sections: Final[list[Callable[[Collection[UserId]], dict[UserId, dict[str, Any]]]]] = []
# The structs of each answer, for the AsyncAPI document. An app that adds a section adds its struct.
sync_answers: Final[list[type[WireObject]]] = [SyncAnswer]
heartbeat_answers: Final[list[type[WireObject]]] = [HeartbeatAnswer]


def synchronise(user_id: UserId, data: SyncCommand, identity: Identity | None = None) -> dict[str, Any]:
    """Return `{conversations: {id: {conversation, messages, resync?}}, unread: {total, conversations}, …sections}`."""
    limit = settings.CHAT.sync_conversations
    if len(data.conversations) > limit:
        raise DomainError(
            "too_large",
            f"A sync can name at most {limit} conversations.",
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
        synced = history.changes_since(
            user_id, data.conversations, budget
        )  # read again, with the new receipts
    measures.resyncs.add(sum(part.resync for part in synced.conversations.values()))
    answer: dict[str, Any] = {"conversations": synced.conversations, "unread": count_unread(user_id)}
    for section in sections:
        answer.update(section(user_id, data, budget, identity))
    return answer


def sync_cost(data: SyncCommand) -> float:
    return 1 + len(data.conversations) / 20


@command("sync", SyncCommand, answer=sync_answers, cost=sync_cost, scope="messages:read")
async def sync(session: Session, data: SyncCommand) -> dict[str, Any]:
    """Return everything that happened after the given revisions, or `resync` if that is too much."""
    return await in_database_thread(synchronise, user_key(session.user_id), data, session.identity)


def heartbeat_answers_for(asked: list[tuple[UserId, list[UUID]]]) -> list[dict[str, Any]]:
    """Return the heartbeat answer of each user: the revisions of the given conversations, and the sections.

    The caller checks access. Runs three queries for any number of users.
    """
    keys = {key for _, followed in asked for key in followed}
    revisions = queries.latest_revisions(keys)
    own = latest_state_revs({user_id for user_id, _ in asked}, keys) if keys else {}
    parts = [section({user_id for user_id, _ in asked}) for section in heartbeat_sections]
    answers = []
    for user_id, followed in asked:
        found = {
            key: revisions[key].revs_for(user_id, own.get((user_id, key), UNSET))
            for key in followed
            if key in revisions
        }
        answer: dict[str, Any] = {"conversations": found, "serverTime": timezone.now()}
        for part in parts:
            answer.update(part[user_id])
        answers.append(answer)
    return answers


@command("heartbeat", HeartbeatCommand, answer=heartbeat_answers, cost=0.1, essential=True, scope="")
async def heartbeat(session: Session, data: HeartbeatCommand) -> dict[str, Any]:
    """Return the last `seq` and `rev` of the joined conversations, so that a client notices a lost event."""
    joined: list[UUID] = list(state_of(session).joined)
    return await session.runtime.ask(heartbeat_answers_for, (user_key(session.user_id), joined))
