"""What an assistant gets and returns. `docs/assistants.md` describes it for host projects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from conversations.serializers import MessageObject

Kind = Literal["suggestions", "summary", "translation"]


@dataclass(frozen=True, slots=True)
class AssistantRequest:
    """A member asks for help with a conversation. `messages` are its last ones, oldest first, as members see them."""

    kind: Kind
    conversation_id: UUID
    business_id: UUID
    business_name: str
    customer_name: str
    messages: Sequence[MessageObject]
    language: str  # of the texts that are wanted; "" leaves it to the assistant


# An assistant returns texts, or None for a kind that it does not offer.
Assistant = Callable[[AssistantRequest], Sequence[str] | None]
