"""Export and erase the canned answers of a person. Those of the business stay, without their author."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q

from conversations.membership import membership_changed
from conversations.models import Membership
from conversations.moderation import erasure, exports
from conversations.team.canned.models import CannedAnswer


class CannedAnswerLine(msgspec.Struct, rename="camel"):
    business_id: UUID
    code: str
    text: str
    created_at: datetime


def canned_answer_lines(user_id: Any) -> Iterator[CannedAnswerLine]:
    rows = CannedAnswer.objects.filter(Q(owner_id=user_id) | Q(created_by_id=user_id)).order_by("pk")
    for row in rows.iterator(chunk_size=100):
        yield CannedAnswerLine(row.business_id, row.code, row.text, row.created_at)


def forget_person(user_id: Any) -> None:
    CannedAnswer.objects.filter(owner_id=user_id).delete()
    CannedAnswer.objects.filter(created_by_id=user_id).update(created_by=None)


def forget_former_member(user_id: Any, business_id: UUID) -> None:
    """Delete the private answers of a member who has left: nobody else can see them."""
    if not Membership.objects.filter(user_id=user_id, business_id=business_id).exists():
        CannedAnswer.objects.filter(owner_id=user_id, business_id=business_id).delete()


exports.person_sections["cannedAnswer"] = canned_answer_lines
erasure.forget_person.append(forget_person)
membership_changed.append(forget_former_member)
