"""What conversations keep for one live session, beside the groups that it is subscribed to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from chatsite.realtime.interfaces import Session

NO_BUSINESS: Final[frozenset[UUID]] = (
    frozenset()
)  # most users speak for none; an own set is 216 bytes a socket


@dataclass(slots=True)
class AgentView:
    """The conversation that a member of a business looks at."""

    conversation_id: UUID
    business_id: UUID
    name: str
    answering: bool
    told_at: float = 0.0


@dataclass(slots=True)
class ConversationState:
    joined: dict[UUID, None] = field(default_factory=dict)  # in the order of joining
    businesses: frozenset[UUID] = (
        NO_BUSINESS  # those that the user is a member of; the end of one closes the socket
    )
    is_open: bool = False  # the session is subscribed to the groups of its user
    typing_since: dict[UUID, float] = field(default_factory=dict)  # monotonic, by conversation
    view: AgentView | None = None
    asked_for_views: bool = False  # colleagues have been asked once for what they look at


def state_of(session: Session) -> ConversationState:
    return session.state.get(ConversationState, ConversationState)
