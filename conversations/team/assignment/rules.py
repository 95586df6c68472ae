"""Read and set how a business assigns conversations."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from django.db import transaction
from django.utils import timezone

from chatsite.background.jobs import enqueue
from conversations.access import UserId, require_owner
from conversations.models import AssignmentRule, Business
from conversations.serializers import WireObject
from conversations.team.access import member_business
from conversations.team.assignment.assigning import assign_waiting

ModeName = Literal["off", "round_robin", "least_loaded"]
Capacity = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class AssignmentObject(WireObject, kw_only=True):
    """`capacity` is the number of open conversations that one member gets at most; null is no limit."""

    example = {"mode": "round_robin", "capacity": 5}

    mode: ModeName = "off"
    capacity: Capacity | None = None


def read_assignment(*, user_id: UserId, business_id: str) -> AssignmentObject:
    rule = AssignmentRule.objects.filter(business=member_business(user_id, business_id)).first()
    if rule is None:
        return AssignmentObject()
    return AssignmentObject(mode=rule.mode, capacity=rule.capacity)  # type: ignore[arg-type]


@transaction.atomic
def set_assignment(*, user_id: UserId, business_id: str, body: AssignmentObject) -> AssignmentObject:
    """Replace the rule. Only owners of the business can do this."""
    business, now = require_owner(user_id, business_id), timezone.now()
    rule, created = AssignmentRule.objects.select_for_update().get_or_create(business=business)
    if created or rule.mode == AssignmentRule.Mode.OFF:
        rule.since = now
    rule.mode, rule.capacity, rule.updated_at = body.mode, body.capacity, now
    rule.save()
    is_on = body.mode != AssignmentRule.Mode.OFF.value
    # Changes read this mark with the business. So a message to other businesses costs nothing more.
    Business.objects.filter(pk=business.pk).update(assigns_automatically=is_on)
    if is_on:
        enqueue(assign_waiting, str(business.pk))
    return body
