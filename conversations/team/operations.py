"""Set the team's side of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from msgspec import UNSET

from chatsite.errors import DomainError, invalid
from conversations import access
from conversations.access import UserId, object_key
from conversations.models import Conversation, Label, TeamGroup, TeamState
from conversations.team import handover
from conversations.team.access import lock_members, member_conversation
from conversations.team.change import TeamPart
from conversations.team.requests import MOST_LABELS, TeamBody
from conversations.team.serializers import TeamStateObject, state_objects
from conversations.writing.conversation_change import change_conversations

LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class StateChanges:
    """The changes in a body, as values of the columns. `labels` is None if they do not change."""

    columns: dict[str, Any]
    labels: list[UUID] | None = None
    added: frozenset[UUID] = frozenset()
    removed: frozenset[UUID] = frozenset()
    if_team_rev: int | None = None


def set_team_state(*, user_id: UserId, conversation_id: str | UUID, body: TeamBody) -> TeamStateObject:
    """Set status, assignee, group, priority or labels. Repeating changes nothing and takes no `teamRev`."""
    _before, after = change_team_state(user_id=user_id, conversation_id=conversation_id, body=body)
    return after


def change_team_state(
    *, user_id: UserId, conversation_id: str | UUID, body: TeamBody
) -> tuple[TeamStateObject, TeamStateObject]:
    """Set what the body asks for. Return the state as it was under the lock, and as it is now."""
    where = member_conversation(user_id, conversation_id)
    with change_conversations() as change:
        changes = validate_changes(where.business_id, body)
        [conversation] = change.lock([where.pk])
        team = change.parts.get(TeamPart)
        state = team.state_of(conversation)
        [before] = state_objects([state])
        apply_changes(team, state, changes, before)
    [after] = state_objects([state])
    return before, after


def hand_over(*, user_id: UserId, conversation_id: str | UUID) -> TeamStateObject:
    """Make the conversation `pending` and unassigned until a person takes it.

    A bot takes it from no person: if a person has it already, has just taken it or has resolved it, nothing changes.
    """
    where = member_conversation(user_id, conversation_id)
    with change_conversations([where.pk]) as change:
        team = change.parts.get(TeamPart)
        state = team.state_of(change.conversations[where.pk])
        owner = state.assignee_id
        is_free = owner is None or owner == user_id or handover.is_bot(state.business_id, owner)
        is_free = is_free and state.status != TeamState.Status.RESOLVED
        if state.handed_over_at is None and (is_free or not handover.is_bot(state.business_id, user_id)):
            handover.wait_for_person(state, change.now)
            team.save(state)
    [shown] = state_objects([state])
    return shown


def validate_changes(business_id: UUID, body: TeamBody) -> StateChanges:
    """Check the body against the business, inside the transaction that will apply it."""
    changes = StateChanges(columns=_status(body), if_team_rev=body.if_team_rev)
    if body.assignee_id is not UNSET:
        changes.columns["assignee_id"] = None
        if body.assignee_id is not None:
            [changes.columns["assignee_id"]] = lock_members(
                business_id, [body.assignee_id], field="assigneeId"
            )
    if body.group_id is not UNSET:
        changes.columns["group_id"] = None
        if body.group_id is not None:
            [changes.columns["group_id"]] = _own(TeamGroup, business_id, [body.group_id], "groupId")
    if body.priority is not UNSET:
        changes.columns["priority"] = body.priority or ""
    if body.label_ids is not UNSET:
        changes.labels = _own(Label, business_id, body.label_ids, "labelIds")
    changes.added = frozenset(_own(Label, business_id, body.add_label_ids, "addLabelIds"))
    changes.removed = frozenset(object_key(raw, "label") for raw in body.remove_label_ids)
    if not changes.columns and changes.labels is None and not changes.added and not changes.removed:
        raise invalid("Set status, assigneeId, groupId, priority or labelIds.", field="status")
    return changes


def _status(body: TeamBody) -> dict[str, Any]:
    until = None if body.snoozed_until is UNSET else body.snoozed_until
    if body.status == "snoozed":
        if until is None or until <= timezone.now():
            raise invalid("snoozedUntil must be in the future.", field="snoozedUntil")
        return {"status": body.status, "snoozed_until": min(until.astimezone(UTC), LATEST)}
    if until is not None:
        raise invalid("snoozedUntil requires the status snoozed.", field="snoozedUntil")
    return {} if body.status is UNSET else {"status": body.status, "snoozed_until": None}


def _own(model: type[TeamGroup | Label], business_id: UUID, raw_ids: Sequence[str], field: str) -> list[UUID]:
    """Return the keys of rows of the business, and keep the rows until the end of the transaction."""
    if not raw_ids:
        return []
    _check_number(len(raw_ids), field)
    try:
        wanted = {object_key(raw, field) for raw in raw_ids}
    except DomainError as error:
        raise invalid(f"{field} must contain only ids of this business.", field=field) from error
    rows = model._default_manager.select_for_update(no_key=True).filter(
        business_id=business_id, pk__in=wanted, removed_at=None
    )
    found = sorted(rows.order_by("pk").values_list("pk", flat=True))
    if len(found) != len(wanted):
        raise invalid(f"{field} must contain only ids of this business.", field=field)
    return found


def _check_number(number: int, field: str) -> None:
    if number > MOST_LABELS:
        limit = {"field": field, "limit": MOST_LABELS}
        raise DomainError("too_large", f"A conversation can have at most {MOST_LABELS} labels.", limit)


def apply_changes(team: TeamPart, state: TeamState, changes: StateChanges, before: TeamStateObject) -> None:
    """Apply the changes to a locked state, of which `before` is the object."""
    labels = _labels_after(changes, set(before.label_ids))
    columns = changes.columns | handover.columns_of_assignee(state, changes.columns)
    differs = {name: value for name, value in columns.items() if getattr(state, name) != value}
    if not differs and labels is None:
        return
    if changes.if_team_rev not in (None, state.team_rev):
        raise DomainError(
            "conflict", "The team has changed the conversation meanwhile.", {"teamRev": state.team_rev}
        )
    if "assignee_id" in differs:
        state.assigned_at = timezone.now() if differs["assignee_id"] is not None else None
    for name, value in differs.items():
        setattr(state, name, value)
    if labels is not None:
        team.set_labels(state, labels)
    team.save(state)


def _labels_after(changes: StateChanges, labels: set[UUID]) -> list[UUID] | None:
    """Return the labels after the changes, or None if they stay the same."""
    wanted = labels if changes.labels is None else set(changes.labels)
    wanted = (wanted | changes.added) - changes.removed
    if wanted == labels:
        return None
    _check_number(len(wanted), "addLabelIds")
    return sorted(wanted)


def team_state(user_id: UserId, conversation_id: str | UUID) -> TeamStateObject:
    [shown] = state_objects([state_or_default(member_conversation(user_id, conversation_id))])
    return shown


def state_or_default(conversation: Conversation) -> TeamState:
    found = TeamState.objects.filter(pk=conversation.pk).first()
    return found or TeamState(conversation_id=conversation.pk, business_id=conversation.business_id)


def team_states(user_id: UserId, raw_ids: Sequence[str]) -> list[TeamStateObject]:
    """Return the states of these conversations, in any order. Those that the user may not see are left out.

    A conversation that the team has never touched has no state either. Runs three queries for any number of ids.
    """
    limit = settings.CHAT.page_most
    if len(raw_ids) > limit:
        raise DomainError(
            "too_large", f"A request can name at most {limit} ids.", {"field": "ids", "limit": limit}
        )
    known = {key for raw in raw_ids if (key := _key_or_none(raw))}
    mine = access.load_actor(user_id).businesses
    rows = TeamState.objects.filter(pk__in=known, business_id__in=mine)
    return state_objects(list(rows.exclude(conversation__customer_id=user_id)))


def _key_or_none(raw: str) -> UUID | None:
    try:
        return object_key(raw, "conversation")
    except DomainError:
        return None  # an invalid id is treated like a conversation that does not exist
