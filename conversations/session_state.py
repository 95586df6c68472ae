"""The state that conversations keep for a live session, besides its groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from chatsite.realtime.interfaces import Session

# Shared by most sessions, because most users are in no business and a set takes 216 bytes.
NO_BUSINESS: Final[frozenset[UUID]] = frozenset()


NO_CONVERSATION: Final[frozenset[UUID]] = frozenset()


@dataclass(slots=True)
class AgentView:
    """The conversation that a member of a business is viewing."""

    conversation_id: UUID
    business_id: UUID
    name: str
    answering: bool
    told_at: float = 0.0


@dataclass(slots=True)
class ConversationState:
    joined: dict[UUID, None] = field(default_factory=dict)  # in the order of joining
    businesses: frozenset[UUID] = (
        NO_BUSINESS  # the user's businesses; the end of a membership closes the socket
    )
    is_open: bool = False  # the session is subscribed to the groups of its user
    typing_since: dict[UUID, float] = field(default_factory=dict)  # monotonic, by conversation
    view: AgentView | None = None
    silenced: frozenset[UUID] = (
        NO_CONVERSATION  # joined conversations in which the other side has blocked the user
    )
    # How often a control message told of blocks. What was read before may be outdated.
    blocks_changed: int = 0
    asked_for_views: bool = False  # colleagues have been asked for their views


def state_of(session: Session) -> ConversationState:
    return session.state.get(ConversationState, ConversationState)
