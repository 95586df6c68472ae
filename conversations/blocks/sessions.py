"""Apply a block to open sockets: it stops typing indicators and presence.

A control message tells the sockets. It may be lost in an outage, after which they are compared with the database.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from chatsite.database.threads import in_database_thread
from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Runtime, Session
from conversations import access, typing
from conversations.access import UserId, user_key
from conversations.block_rules import blocked_members, is_blocked
from conversations.models import Conversation
from conversations.session_state import NO_CONVERSATION, state_of

BATCH: Final = 500  # sessions compared with the database at once
BLOCKS_CHANGED = "~blocks_changed"


class BlocksChange(msgspec.Struct):
    """A control message: who is blocked in a conversation now."""

    conversation_id: UUID
    business_id: UUID
    customer_id: str
    customer_blocked: bool
    business_blocked: bool
    blocked_members: list[str]

    def is_blocked(self, user_id: str) -> bool:
        if user_id == self.customer_id:
            return self.customer_blocked
        return self.business_blocked or user_id in self.blocked_members


def blocks_changed(conversation: Conversation) -> list[Addressed]:
    """Address a control message to every session of both sides."""
    data = BlocksChange(
        conversation_id=conversation.pk,
        business_id=conversation.business_id,
        customer_id=str(conversation.customer_id),
        customer_blocked=conversation.customer_blocked,
        business_blocked=conversation.business_blocked,
        blocked_members=blocked_members(conversation),
    )
    event = Event.of(BLOCKS_CHANGED, data)
    return [
        (groups.user(data.customer_id), event),
        (groups.business_members(conversation.business_id), event),
    ]


def apply_blocks(session: Session, event: Event) -> None:
    change, state = event.data_as(BlocksChange), state_of(session)
    state.blocks_changed += 1
    if change.is_blocked(session.user_id):
        typing.stop_typing(session, change.conversation_id)
        state.silenced |= {change.conversation_id}
    else:
        state.silenced -= {change.conversation_id}
    if session.user_id == change.customer_id:
        _follow_members(session, change)


def _follow_members(session: Session, change: BlocksChange) -> None:
    """Show a customer the presence of a business's members unless the business has blocked the customer."""
    group = groups.business_customers(change.business_id)
    if change.customer_blocked:
        session.unsubscribe(group)
    elif group not in session.groups:
        session.runtime.spawn("joining", lambda: session.subscribe(group))


async def catch_up(runtime: Runtime, since: datetime) -> None:
    """Let local sessions hear what their users may hear now, whichever blocks and first contacts they missed."""
    sessions = [session for session in runtime.sessions if state_of(session).is_open]
    for start in range(0, len(sessions), BATCH):
        await _repair(sessions[start : start + BATCH])


async def _repair(sessions: list[Session]) -> None:
    before = {session: state_of(session).blocks_changed for session in sessions}
    users = {user_key(session.user_id) for session in sessions}
    known = {key for session in sessions for key in _known_to(session)}
    heard, conversations = await in_database_thread(_load, users, known)
    for session in sessions:
        # A control message that has arrived meanwhile is newer than the query.
        if state_of(session).blocks_changed == before[session]:
            user_id = user_key(session.user_id)
            _silence(session, user_id, conversations)
            await _follow(session, heard[user_id])


def _load(users: set[UserId], known: set[UUID]) -> tuple[dict[UserId, set[str]], dict[UUID, Conversation]]:
    return access.groups_of_customer(users), Conversation.objects.in_bulk(known)


def _known_to(session: Session) -> set[UUID]:
    """Return the conversations in which the session may be typing."""
    state = state_of(session)
    return state.joined.keys() | state.silenced


def _silence(session: Session, user_id: UserId, conversations: dict[UUID, Conversation]) -> None:
    state = state_of(session)
    loaded = _known_to(session) & conversations.keys()
    blocked = {key for key in loaded if is_blocked(conversations[key], user_id)}
    for key in blocked - state.silenced:
        typing.stop_typing(session, key)
    state.silenced = (state.silenced - loaded | blocked) or NO_CONVERSATION


async def _follow(session: Session, wanted: set[str]) -> None:
    held = {group for group in session.groups if groups.is_of_customers(group)}
    for group in held - wanted:
        session.unsubscribe(group)
    await asyncio.gather(*(session.subscribe(group) for group in wanted - held))


registry.restored.append(catch_up)
registry.control_handlers[BLOCKS_CHANGED] = apply_blocks
