"""Changes of many conversations, and changes that are due by the clock. Each job changes what is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.config.queues import HOUSEKEEPING_QUEUE
from conversations.access import UserId, user_key
from conversations.membership import membership_changed
from conversations.models import (
    Business,
    CannedAnswer,
    ConversationLabel,
    Label,
    Membership,
    TeamGroup,
    TeamState,
)
from conversations.team.canned.queries import lock_answers
from conversations.team.change import TeamPart
from conversations.team.handover import wait_for_person
from conversations.writing.conversation_change import change_conversations

GROUP: Final = 100  # conversations of one transaction
LATE: Final = timedelta(minutes=1)  # no change takes as long


def change_each(rows: QuerySet[TeamState], change_one: Callable[[TeamPart, TeamState], bool]) -> int:
    """Change the states that the query finds, until it finds none. Return how many changed.

    `change_one` gets each state under the lock of its conversation. It returns False where nothing is left to do.
    """
    changed = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:GROUP]):
        with change_conversations(keys) as change:
            team = change.parts.get(TeamPart)
            for conversation in change.conversations.values():
                state = team.state_of(conversation)
                if change_one(team, state):
                    team.save(state)
                    changed += 1
    return changed


@job(attempts=1)
def wake_snoozed() -> None:
    """Open the conversations whose snooze is over."""
    now = timezone.now()

    def wake(team: TeamPart, state: TeamState) -> bool:
        is_due = state.snoozed_until is not None and state.snoozed_until <= now
        if is_due:
            state.status, state.snoozed_until = TeamState.Status.OPEN, None
        return is_due

    change_each(TeamState.objects.filter(snoozed_until__lte=now), wake)


@job()
def unassign_former_member(business_id: str, user_id: str) -> None:
    """Take conversations from somebody who has left the business."""
    key, now = user_key(user_id), timezone.now()
    if Membership.objects.filter(business_id=business_id, user_id=key).exists():
        return

    def unassign(team: TeamPart, state: TeamState) -> bool:
        if state.assignee_id != key:
            return False
        if state.status == TeamState.Status.PENDING:
            wait_for_person(state, now)  # a bot, or somebody who waited: nobody else would look after it
        state.assignee_id = state.assigned_at = None
        return True

    change_each(TeamState.objects.filter(business_id=business_id, assignee_id=key), unassign)


@job(queue=HOUSEKEEPING_QUEUE)
def dissolve_group(group_id: str) -> None:
    """Take a removed group from its conversations, and delete it."""
    key = UUID(group_id)

    def leave(team: TeamPart, state: TeamState) -> bool:
        if state.group_id != key:
            return False
        state.group_id = None
        return True

    change_each(TeamState.objects.filter(group_id=key), leave)
    with transaction.atomic():
        lock_answers(CannedAnswer.objects.filter(group_id=key))
        TeamGroup.objects.filter(pk=key, removed_at__isnull=False).delete()


@job(queue=HOUSEKEEPING_QUEUE)
def take_label_off(label_id: str) -> None:
    """Take a removed label from its conversations, and delete it."""
    key = UUID(label_id)

    def take_off(team: TeamPart, state: TeamState) -> bool:
        kept = ConversationLabel.objects.filter(state_id=state.pk).values_list("label_id", flat=True)
        team.set_labels(state, [one for one in kept if one != key])
        return True

    change_each(TeamState.objects.filter(labelled__label_id=key), take_off)
    Label.objects.filter(pk=key, removed_at__isnull=False).delete()


def unassign_later(user_id: UserId, business_id: UUID) -> None:
    if not Membership.objects.filter(business_id=business_id, user_id=user_id).exists():
        TeamGroup.members.through.objects.filter(teamgroup__business_id=business_id, user_id=user_id).delete()
        enqueue(unassign_former_member, str(business_id), str(user_id))
        # A message that is being stored meanwhile may still give a conversation to a bot that has left.
        if Business.objects.filter(pk=business_id, first_bot=user_id).update(first_bot=None):
            enqueue(unassign_former_member, str(business_id), str(user_id), delay=LATE)


membership_changed.append(unassign_later)
every(timedelta(minutes=1), wake_snoozed)
