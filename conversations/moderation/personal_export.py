"""The lines of a person's export about reactions, private states of conversations, and blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conversations.access import UserId
from conversations.models import Block, OwnState, Reaction

PAGE: Final = 100


def personal_lines(user_id: UserId) -> Iterator[tuple[str, Any]]:
    """Yield each line with its kind. Blocks by others are not included, because they are the data of those people."""
    for reaction in Reaction.objects.filter(user=user_id).order_by("pk").iterator(chunk_size=PAGE):
        line = {"messageId": reaction.message_id, "emoji": reaction.emoji}
        yield "reaction", {**line, "createdAt": reaction.created_at}
    for state in OwnState.objects.filter(user=user_id).order_by("pk").iterator(chunk_size=PAGE):
        yield "ownState", _state_line(state)
    for block in Block.objects.filter(user=user_id).order_by("pk").iterator(chunk_size=PAGE):
        yield "block", _block_line(block)


def _state_line(state: OwnState) -> dict[str, Any]:
    return {
        "conversationId": state.conversation_id,
        "mutedUntil": state.muted_until,
        "pinnedAt": state.pinned_at,
        "unreadFrom": state.unread_from,
    }


def _block_line(block: Block) -> dict[str, Any]:
    return {
        "userId": None if block.blocked_user_id is None else str(block.blocked_user_id),
        "businessId": block.blocked_business_id,
        "forBusinessId": block.for_business_id,
        "createdAt": block.created_at,
    }
