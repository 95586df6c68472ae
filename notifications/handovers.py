"""Notify the team when a conversation waits for a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chatsite.background.jobs import enqueue, job
from conversations.models import Conversation, Membership, TeamState
from conversations.team.change import handed_over
from notifications import types
from notifications.inbox import lock_inboxes
from notifications.operations import notify

# Without names: a notification stays with its reader, who may leave the team.
HAND_OVER = types.declare(
    "hand_over",
    label=_("Handovers"),
    title="A conversation waits for a person",
    action_url="/app/c/{conversationId}",
    for_members=True,
)


def notify_later(conversation: Conversation, state: TeamState) -> None:
    enqueue(notify_team, str(conversation.pk))


@job(attempts=3)
@transaction.atomic
def notify_team(conversation_id: str) -> None:
    """Notify the people of the conversation's group, or else of the business. A second run notifies nobody again."""
    state = TeamState.objects.filter(pk=UUID(conversation_id), handed_over_at__isnull=False).first()
    if state is None or state.handed_over_at is None:
        return  # taken meanwhile
    people = _people(state)
    lock_inboxes(people)
    key = f"hand-over:{conversation_id}:{state.handed_over_at.isoformat()}"
    for user_id in people:
        notify(
            recipient_id=user_id,
            type=HAND_OVER.name,
            data={"conversationId": conversation_id},
            dedupe_key=key,
        )


def _people(state: TeamState) -> list[Any]:
    rows = Membership.objects.filter(business_id=state.business_id, is_bot=False, user__is_active=True)
    everybody = list(rows.order_by("user_id").values_list("user_id", flat=True))
    if state.group is None:
        return everybody
    group = set(state.group.members.values_list("pk", flat=True))
    return [key for key in everybody if key in group] or everybody


handed_over.append(notify_later)
