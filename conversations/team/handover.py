"""Who is in charge of a conversation: a bot, a person, or nobody yet.

A conversation that a bot answers is `pending` and assigned to the bot. One that a bot has handed over is `pending`,
nobody's, and has `handed_over_at`. Both wait for a person. A person takes one by becoming its assignee, or by writing
in it. Then it is `open`. A conversation that a member has set to `pending` without a bot is none of these.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from conversations.access import UserId
from conversations.models import Conversation, Membership, TeamState
from conversations.serializers import MessageObject

Status = TeamState.Status


def is_bot(business_id: UUID, user_id: UserId) -> bool:
    return Membership.objects.filter(business_id=business_id, user_id=user_id, is_bot=True).exists()


def waits_for_person(state: TeamState) -> bool:
    """Return whether a bot is in charge of the conversation, or has handed it over.

    Runs a query if there is an assignee.
    """
    if state.status != Status.PENDING:
        return False
    if state.assignee_id is None:
        return state.handed_over_at is not None
    return is_bot(state.business_id, state.assignee_id)


def begins_with_bot(conversation: Conversation, state: TeamState, message: MessageObject) -> bool:
    """Return whether this message of the customer begins an episode that a bot answers first."""
    if conversation.business.first_bot_id is None:
        return False
    return message.seq == 1 or state.status == Status.RESOLVED


def give_to_bot(state: TeamState, bot_id: UserId, now: datetime) -> None:
    state.status, state.snoozed_until = Status.PENDING, None
    state.assignee_id, state.assigned_at = bot_id, now


def give_to_person(state: TeamState, user_id: UserId, now: datetime) -> None:
    state.status, state.snoozed_until = Status.OPEN, None
    state.assignee_id, state.assigned_at = user_id, now


def wait_for_person(state: TeamState, now: datetime) -> None:
    """Make it unassigned until a person takes it. Repeating this keeps the earlier time."""
    state.handed_over_at = state.handed_over_at or now
    state.status, state.snoozed_until = Status.PENDING, None
    state.assignee_id = state.assigned_at = None


def columns_of_assignee(state: TeamState, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what a new assignee changes besides. A status that the request names stays."""
    if "assignee_id" not in wanted or "status" in wanted:
        return {}
    assignee_id = wanted["assignee_id"]
    if assignee_id is None:
        is_taken_from_bot = state.assignee_id is not None and waits_for_person(state)
        return {"handed_over_at": timezone.now()} if is_taken_from_bot else {}
    if is_bot(state.business_id, assignee_id):
        is_over = state.status == Status.RESOLVED
        return {} if is_over else {"status": Status.PENDING.value, "snoozed_until": None}
    return {"status": Status.OPEN.value} if waits_for_person(state) else {}
