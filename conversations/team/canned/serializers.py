"""The wire objects of canned answers, and the bodies of their requests."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from conversations.serializers import WireObject
from conversations.team.canned.models import CannedAnswer

ScopeName = Literal["private", "group", "business"]


class CannedAnswerObject(WireObject, kw_only=True):
    """A canned answer. `uses` counts how often members have inserted it. `editable`: the reader may change it."""

    id: UUID
    business_id: UUID
    scope: ScopeName
    group_id: UUID | None
    code: str
    text: str
    uses: int
    used_at: datetime | None
    editable: bool
    created_at: datetime
    updated_at: datetime


class CannedAnswerBody(WireObject, kw_only=True):
    """`groupId` is required for the scope `group`."""

    business_id: str
    code: str
    text: str
    scope: ScopeName = "business"
    group_id: str | None = None


class CannedAnswerChange(WireObject, kw_only=True):
    """What is left out stays."""

    code: str | msgspec.UnsetType = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET


class UseBody(WireObject, kw_only=True):
    """The conversation whose names fill the variables."""

    conversation_id: str


class FilledAnswer(WireObject, kw_only=True):
    """The text with its variables filled, ready for the composer."""

    id: UUID
    text: str


def canned_answer_object(answer: CannedAnswer, *, editable: bool) -> CannedAnswerObject:
    return CannedAnswerObject(
        id=answer.pk,
        business_id=answer.business_id,
        scope=scope_of(answer),
        group_id=answer.group_id,
        code=answer.code,
        text=answer.text,
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
