"""What members send about the team's side. REST and the live commands share a struct if they have the same fields."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from conversations.serializers import WireObject
from conversations.team.serializers import PriorityName, RoleName, StatusName

ZonedTime = Annotated[datetime, msgspec.Meta(tz=True)]


class TeamBody(WireObject, kw_only=True):
    """What to set. What is left out stays; null takes it away. `snoozedUntil` belongs to the status `snoozed`.

    `labelIds` replaces all labels. `addLabelIds` and `removeLabelIds` leave the others alone. With `ifTeamRev`, nothing
    changes if somebody has changed the team's side since that `teamRev`.
    """

    status: StatusName | msgspec.UnsetType = msgspec.UNSET
    snoozed_until: ZonedTime | msgspec.UnsetType | None = msgspec.UNSET
    assignee_id: str | msgspec.UnsetType | None = msgspec.UNSET
    group_id: str | msgspec.UnsetType | None = msgspec.UNSET
    priority: PriorityName | msgspec.UnsetType | None = msgspec.UNSET
    label_ids: list[str] | msgspec.UnsetType = msgspec.UNSET
    add_label_ids: list[str] = []
    remove_label_ids: list[str] = []
    if_team_rev: int | None = None


class TeamCommand(TeamBody, kw_only=True):
    conversation_id: str


class BulkBody(WireObject, kw_only=True):
    """Changes of up to 100 conversations, made one by one."""

    changes: list[TeamCommand]


class MemberChange(WireObject, kw_only=True):
    business_id: str
    role: RoleName


class HandOverCommand(WireObject, kw_only=True):
    conversation_id: str


class GroupBody(WireObject, kw_only=True):
    business_id: str
    name: str
    member_ids: list[str] = []


class GroupChanges(WireObject, kw_only=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    member_ids: list[str] | msgspec.UnsetType = msgspec.UNSET


class LabelBody(WireObject, kw_only=True):
    """`color` is `#rrggbb`."""

    business_id: str
    name: str
    color: str = "#6b7280"


class LabelChanges(WireObject, kw_only=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    color: str | msgspec.UnsetType = msgspec.UNSET


class NoteBody(WireObject, kw_only=True):
    """`mentionIds` are members of the business, who get a notification. A known `clientId` makes no second note."""

    content: str
    mention_ids: list[str] = []
    client_id: str | None = None


class NoteChanges(WireObject, kw_only=True):
    """Without `mentionIds` the note mentions the same people as before."""

    content: str
    mention_ids: list[str] | None = None


class NoteCommand(NoteBody, kw_only=True):
    conversation_id: str


class EditNoteCommand(NoteChanges, kw_only=True):
    note_id: str


class DeleteNoteCommand(WireObject, kw_only=True):
    note_id: str
