"""Apply a block to open sockets: it stops typing indicators and presence."""

from __future__ import annotations

from uuid import UUID

import msgspec

from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Session
from conversations import typing
from conversations.block_rules import blocked_members
from conversations.models import Conversation
from conversations.session_state import state_of

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


registry.control_handlers[BLOCKS_CHANGED] = apply_blocks
