"""Assign the conversations that wait for somebody.

A job does it after every change that can matter: a message of a customer, a change of the team, a member who comes
online, a new rule. It is repeated by the clock, because such a job can be lost with its process.

The row of the rule is locked, so each decision sees the earlier ones. A conversation that somebody else has locked is
skipped instead of waited for, and tried again a second later.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.database.pipeline import among, ask_among
from conversations.access import UserId, user_key
from conversations.membership import membership_changed
from conversations.models import AssignmentRule, Business, Conversation, Membership, TeamState
from conversations.team.assignment.candidates import Candidates
from conversations.team.change import TeamPart, left_unassigned
from conversations.team.handover import give_to_person
from conversations.writing.conversation_change import ConversationChange, change_conversations

BATCH: Final = 100  # conversations of one transaction
AGAIN: Final = timedelta(seconds=1)  # for conversations that somebody else had locked


@job(attempts=3)
def assign_waiting(business_id: str) -> None:
    """Assign what waits in the business, as far as members are online and free."""
    key = UUID(business_id)
    while _assign_batch(key):
        pass


def _assign_batch(business_id: UUID) -> bool:
    """Assign up to `BATCH` conversations. Return whether there may be more to do at once."""
    with change_conversations() as change:
        rule = AssignmentRule.objects.select_for_update().filter(business_id=business_id).first()
        if rule is None or rule.mode == AssignmentRule.Mode.OFF:
            return False
        candidates = Candidates.of(rule)
        if not candidates.has_room:
            return False
        # Only those that a free member may take: others must not fill the batch.
        wanted = waiting(rule).filter(_possible(candidates))
        keys = list(_unlocked(wanted)[:BATCH])
        assigned = _assign(change, candidates, keys)
        if assigned:
            rule.save(update_fields=["last_assignee"])
        elif wanted.exists():
            enqueue(assign_waiting, str(business_id), delay=AGAIN)
    return assigned > 0


def waiting(rule: AssignmentRule) -> QuerySet[Conversation, Any]:
    """Unassigned conversations that are open or handed over and have messages since the rule began. Oldest first.

    `last_message_at` is no measure, because an import sets it to an old time.
    """
    is_open = Q(team_state__status=TeamState.Status.OPEN) | Q(team_state__handed_over_at__isnull=False)
    rows = Conversation.objects.filter(
        Q(team_state=None) | Q(is_open, team_state__assignee=None),
        business_id=rule.business_id,
        business_archived=False,
        frozen_at=None,
        last_seq__gt=0,
        active_at__gte=rule.since,
    )
    return rows.order_by("active_at", "pk")


def _possible(candidates: Candidates) -> Q:
    """Select conversations without a group, or with a group that has a free member."""
    free = [key for key in candidates.members if candidates.is_free(key)]
    groups = [group for group, members in candidates.groups.items() if not members.isdisjoint(free)]
    return Q(team_state=None) | Q(team_state__group=None) | Q(team_state__group__in=groups)


def _unlocked(rows: QuerySet[Conversation, Any]) -> QuerySet[Conversation, UUID]:
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return rows.values_list("pk", flat=True)


def _assign(change: ConversationChange, candidates: Candidates, keys: Collection[UUID]) -> int:
    assigned = 0
    for conversation in change.lock(keys) if keys else []:
        team = change.parts.get(TeamPart)
        state = team.state_of(conversation)
        is_open = state.status == TeamState.Status.OPEN or state.handed_over_at is not None
        if state.assignee_id is not None or not is_open:
            continue
        chosen = candidates.take(state.group_id)
        if chosen is None:
            continue
        give_to_person(state, chosen, change.now)
        team.save(state)
        assigned += 1
    return assigned


def assign_in_business(business_id: UUID) -> None:
    enqueue(assign_waiting, str(business_id))


def members_came_online(user_ids: Collection[str]) -> None:
    """Assign what waits in the businesses of these people."""
    if not user_ids:
        return
    keys = [user_key(raw) for raw in user_ids]
    for business_id in sorted(
        {business_id for (business_id,) in ask_among(_assigning_businesses_of, keys)()}
    ):
        assign_in_business(business_id)


def _assigning_businesses_of(members: Collection[UserId]) -> QuerySet[Any, Any]:
    ids = among(Membership._meta.get_field("user"), members)
    rows = Business.objects.filter(assigns_automatically=True, memberships__user_id__in=ids)
    return rows.order_by().values_list("pk")


def _assign_for_member(user_id: UserId, business_id: UUID) -> None:
    if Business.objects.filter(pk=business_id, assigns_automatically=True).exists():
        assign_in_business(business_id)


@job(attempts=1)
def assign_everywhere() -> None:
    """Assign what waits in every business that assigns automatically."""
    rows = Business.objects.filter(assigns_automatically=True).order_by("pk")
    for business_id in rows.values_list("pk", flat=True).iterator(chunk_size=1000):
        assign_in_business(business_id)


left_unassigned.append(assign_in_business)
membership_changed.append(_assign_for_member)
every(timedelta(minutes=1), assign_everywhere)
