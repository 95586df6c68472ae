"""What members send about the team's side. REST and the live commands share a struct if they have the same fields."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from chatsite.struct_schema import documented
from conversations.requests import ClientId, Content, RowId, ZonedTime
from conversations.serializers import WireObject
from conversations.team.serializers import PriorityName, RoleName, StatusName

NAME_LENGTH: Final = 80
MOST_CHANGES: Final = 100  # conversations of one request
MOST_LABELS: Final = 20  # of one conversation
MOST_MENTIONS: Final = 20  # of one note

Name = Annotated[str, documented(minLength=1, maxLength=NAME_LENGTH)]
Color = Annotated[str, documented(pattern="^#[0-9A-Fa-f]{6}$")]
Mentions = Annotated[list[str], documented(maxItems=MOST_MENTIONS)]


class TeamBody(WireObject, kw_only=True):
    """What to set. What is left out stays; null takes it away. `snoozedUntil` belongs to the status `snoozed`.

    `labelIds` replaces all labels. `addLabelIds` and `removeLabelIds` leave the others alone. With `ifTeamRev`, nothing
    changes if somebody has changed the team's side since that `teamRev`.
    """

    example = {"status": "pending", "priority": "high"}

    status: StatusName | msgspec.UnsetType = msgspec.UNSET
    snoozed_until: ZonedTime | msgspec.UnsetType | None = msgspec.UNSET
    assignee_id: str | msgspec.UnsetType | None = msgspec.UNSET
    group_id: RowId | msgspec.UnsetType | None = msgspec.UNSET
    priority: PriorityName | msgspec.UnsetType | None = msgspec.UNSET
    label_ids: Annotated[list[RowId], documented(maxItems=MOST_LABELS)] | msgspec.UnsetType = msgspec.UNSET
    add_label_ids: list[RowId] = []
    remove_label_ids: list[RowId] = []
    if_team_rev: Annotated[int, documented(minimum=0)] | None = None


class TeamCommand(TeamBody, kw_only=True):
    conversation_id: RowId


class BulkBody(WireObject, kw_only=True):
    """Changes of conversations, made one by one."""

    changes: Annotated[list[TeamCommand], documented(minItems=1, maxItems=MOST_CHANGES)]


class MemberChange(WireObject, kw_only=True):
    business_id: RowId
    role: RoleName


class HandOverCommand(WireObject, kw_only=True):
    conversation_id: RowId


class GroupBody(WireObject, kw_only=True):
    example = {"name": "Repairs"}

    business_id: RowId
    name: Name
    member_ids: list[str] = []


class GroupChanges(WireObject, kw_only=True):
    example = {"name": "Repairs"}

    name: Name | msgspec.UnsetType = msgspec.UNSET
    member_ids: list[str] | msgspec.UnsetType = msgspec.UNSET


class LabelBody(WireObject, kw_only=True):
    example = {"name": "Warranty"}

    business_id: RowId
    name: Name
    color: Color = "#6b7280"


class LabelChanges(WireObject, kw_only=True):
    example = {"name": "Warranty", "color": "#0f766e"}

    name: Name | msgspec.UnsetType = msgspec.UNSET
    color: Color | msgspec.UnsetType = msgspec.UNSET


class NoteBody(WireObject, kw_only=True):
    """`mentionIds` are members of the business, who get a notification. A known `clientId` makes no second note."""

    example = {"content": "Has asked for this twice."}

    content: Content
    mention_ids: Mentions = []
    client_id: ClientId | None = None


class NoteChanges(WireObject, kw_only=True):
    """Without `mentionIds` the note mentions the same people as before."""

    example = {"content": "Has asked for this three times."}

    content: Content
    mention_ids: Mentions | None = None


class NoteCommand(NoteBody, kw_only=True):
    conversation_id: RowId


class EditNoteCommand(NoteChanges, kw_only=True):
    note_id: RowId


class DeleteNoteCommand(WireObject, kw_only=True):
    note_id: RowId
