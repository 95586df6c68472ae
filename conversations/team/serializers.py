"""The wire objects of the team's side. Nothing that a customer gets is made from them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from chatsite.identity.names import display_name
from conversations.models import ConversationLabel, Label, Membership, Note, TeamGroup, TeamState
from conversations.serializers import WireObject

StatusName = Literal["open", "pending", "snoozed", "resolved"]
RoleName = Literal["owner", "agent"]
PriorityName = Literal["low", "medium", "high", "urgent"]


class TeamStateObject(WireObject, kw_only=True):
    """What the team has set for a conversation. `teamRev` counts the changes of the team's side.

    `handedOverAt` is set while the conversation is unassigned and waits for a person.
    """

    example = {"assigneeId": "8", "assignedAt": "2026-11-23T14:12:00Z", "labelIds": []}

    conversation_id: UUID
    team_rev: int
    status: StatusName
    snoozed_until: datetime | None
    assignee_id: str | None
    assigned_at: datetime | None
    handed_over_at: datetime | None
    group_id: UUID | None
    priority: PriorityName | None
    label_ids: list[UUID]


class TeamStateEvent(TeamStateObject, kw_only=True, omit_defaults=True):
    """The state. With `repeated`, nothing has changed: the server shows the present `teamRev` again."""

    repeated: bool = False


class BulkResult(WireObject, kw_only=True, omit_defaults=True):
    """One of the changes: the state before and after it, or why it was refused."""

    conversation_id: str
    before: TeamStateObject | None = None
    state: TeamStateObject | None = None
    error: dict[str, Any] | None = None


class BulkAnswer(WireObject, kw_only=True):
    """The results in the order of the changes."""

    results: list[BulkResult]


class NoteObject(WireObject, kw_only=True):
    """A private note. `teamRev` is that of its last change. A deleted note has no content."""

    example = {"authorId": "8", "content": "Has asked for this twice."}

    id: UUID
    conversation_id: UUID
    team_rev: int
    author_id: str | None
    client_id: str | None
    content: str
    mention_ids: list[str]
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class NoteEvent(WireObject, kw_only=True):
    """`note_added`, `note_edited` and `note_deleted`, and the acks of the commands that caused them."""

    conversation_id: UUID
    team_rev: int
    note: NoteObject


class GroupObject(WireObject, kw_only=True):
    """A group of the team."""

    example = {"name": "Repairs"}

    id: UUID
    business_id: UUID
    name: str
    member_ids: list[str]


class MemberObject(WireObject, kw_only=True):
    """A member of the business. `isBot` is true for a program."""

    id: str
    name: str
    role: RoleName
    is_bot: bool


class LabelObject(WireObject, kw_only=True):
    example = {"name": "Warranty"}

    id: UUID
    business_id: UUID
    name: str
    color: str


def state_objects(states: Collection[TeamState]) -> list[TeamStateObject]:
    """Return the wire objects of the states. One query for the labels of all of them."""
    labels: dict[UUID, list[UUID]] = {}
    rows = ConversationLabel.objects.filter(state__in=[state.pk for state in states]).order_by("label_id")
    for state_id, label_id in rows.values_list("state_id", "label_id"):
        labels.setdefault(state_id, []).append(label_id)
    return [_state_object(state, labels.get(state.pk, [])) for state in states]


def _state_object(state: TeamState, label_ids: list[UUID]) -> TeamStateObject:
    return TeamStateObject(
        conversation_id=state.pk,
        team_rev=state.team_rev,
        status=state.status,  # type: ignore[arg-type]
        snoozed_until=state.snoozed_until,
        assignee_id=None if state.assignee_id is None else str(state.assignee_id),
        assigned_at=state.assigned_at,
        handed_over_at=state.handed_over_at,
        group_id=state.group_id,
        priority=state.priority or None,  # type: ignore[arg-type]
        label_ids=label_ids,
    )


def note_object(note: Note) -> NoteObject:
    return NoteObject(
        id=note.pk,
        conversation_id=note.conversation_id,
        team_rev=note.team_rev,
        author_id=None if note.author_id is None else str(note.author_id),
        client_id=note.client_id,
        content=note.content,
        mention_ids=note.mentions,
        created_at=note.created_at,
        edited_at=note.edited_at,
        deleted_at=note.deleted_at,
    )


def note_event(note: NoteObject) -> NoteEvent:
    return NoteEvent(conversation_id=note.conversation_id, team_rev=note.team_rev, note=note)


def group_object(group: TeamGroup) -> GroupObject:
    """Return the wire object of a group. The members must be prefetched."""
    members = sorted(str(member.pk) for member in group.members.all())
    return GroupObject(id=group.pk, business_id=group.business_id, name=group.name, member_ids=members)


def label_object(label: Label) -> LabelObject:
    return LabelObject(id=label.pk, business_id=label.business_id, name=label.name, color=label.color)


def member_object(member: Membership) -> MemberObject:
    """Return the wire object of a member. The user must be loaded."""
    return MemberObject(
        id=str(member.user_id),
        name=display_name(member.user),
        role=member.role,  # type: ignore[arg-type]
        is_bot=member.is_bot,
    )
