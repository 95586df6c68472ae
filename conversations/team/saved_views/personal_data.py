"""Export and erase the saved views of a person. Those of the business stay, without their author."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q

from conversations.membership import membership_changed
from conversations.models import Membership, SavedView
from conversations.moderation import erasure, exports
from conversations.team.saved_views.serializers import ViewFilters, filters_of


class SavedViewLine(msgspec.Struct, rename="camel"):
    business_id: UUID
    name: str
    filters: ViewFilters
    created_at: datetime


def saved_view_lines(user_id: Any) -> Iterator[SavedViewLine]:
    rows = SavedView.objects.filter(Q(owner_id=user_id) | Q(created_by_id=user_id)).order_by("pk")
    for row in rows.iterator(chunk_size=100):
        yield SavedViewLine(row.business_id, row.name, filters_of(row), row.created_at)


def forget_person(user_id: Any) -> None:
    SavedView.objects.filter(owner_id=user_id).delete()
    SavedView.objects.filter(created_by_id=user_id).update(created_by=None)


def forget_former_member(user_id: Any, business_id: UUID) -> None:
    """Delete the private views of a member who has left: nobody else can see them."""
    if not Membership.objects.filter(user_id=user_id, business_id=business_id).exists():
        SavedView.objects.filter(owner_id=user_id, business_id=business_id).delete()


exports.person_sections["savedView"] = saved_view_lines
erasure.forget_person.append(forget_person)
membership_changed.append(forget_former_member)
