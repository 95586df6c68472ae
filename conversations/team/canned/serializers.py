"""The wire objects of canned answers, and the bodies of their requests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from chatsite.struct_schema import documented
from conversations.attachment_objects import AttachmentObject
from conversations.requests import RowId
from conversations.serializers import WireObject
from conversations.team.canned.files import file_objects
from conversations.team.canned.models import CODE_LENGTH, TEXT_LENGTH, CannedAnswer

ScopeName = Literal["private", "group", "business"]
Code = Annotated[str, documented(minLength=1, maxLength=CODE_LENGTH + 1)]  # with or without a `/` before it
Files = Annotated[list[RowId], documented(maxItems="message_attachments")]
Text = Annotated[str, documented(minLength=1, maxLength=TEXT_LENGTH)]


class CannedAnswerObject(WireObject, kw_only=True):
    """A canned answer. `uses` counts how often members have inserted it. `editable`: the reader may change it."""

    id: UUID
    business_id: UUID
    scope: ScopeName
    group_id: UUID | None
    code: str
    text: str
    attachments: list[AttachmentObject]
    uses: int
    used_at: datetime | None
    editable: bool
    created_at: datetime
    updated_at: datetime


class CannedAnswerBody(WireObject, kw_only=True):
    """`groupId` is required for the scope `group`. `attachmentIds` are uploads of the author."""

    business_id: RowId
    code: Code
    text: Text
    scope: ScopeName = "business"
    group_id: RowId | None = None
    attachment_ids: Files = []


class CannedAnswerChange(WireObject, kw_only=True):
    """What is left out stays. `attachmentIds` replaces all files: by files of the answer, and uploads of the user."""

    example = {"text": "We deliver within {{business.name}}'s opening hours."}

    code: Code | msgspec.UnsetType = msgspec.UNSET
    text: Text | msgspec.UnsetType = msgspec.UNSET
    attachment_ids: Files | msgspec.UnsetType = msgspec.UNSET


class UseBody(WireObject, kw_only=True):
    """The conversation whose names fill the variables."""

    conversation_id: RowId


class FilledAnswer(WireObject, kw_only=True):
    """The text with its variables filled, ready for the composer. `attachments` are new uploads of the user."""

    id: UUID
    text: str
    attachments: list[AttachmentObject]


def canned_answer_object(answer: CannedAnswer, *, editable: bool) -> CannedAnswerObject:
    return CannedAnswerObject(
        id=answer.pk,
        business_id=answer.business_id,
        scope=scope_of(answer),
        group_id=answer.group_id,
        code=answer.code,
        text=answer.text,
        attachments=file_objects(answer),
        uses=answer.uses,
        used_at=answer.used_at,
        editable=editable,
        created_at=answer.created_at,
        updated_at=answer.updated_at,
    )


def scope_of(answer: CannedAnswer) -> ScopeName:
    if answer.owner_id is not None:
        return "private"
    return "business" if answer.group_id is None else "group"
