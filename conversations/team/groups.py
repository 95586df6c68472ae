"""The groups of a team. Members see them; owners make, change and delete them."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue
from conversations.access import UserId, require_owner
from conversations.models import TeamGroup
from conversations.team.access import lock_members, member_business
from conversations.team.jobs import dissolve_group
from conversations.team.named_rows import check_number, find_named, save_named
from conversations.team.naming import clean_name
from conversations.team.requests import GroupBody, GroupChanges

MOST_GROUPS: Final = 50  # of one business


def groups_of(user_id: UserId, business_id: str) -> QuerySet[TeamGroup]:
    rows = TeamGroup.objects.filter(business=member_business(user_id, business_id), removed_at=None)
    return rows.prefetch_related("members")


def make_group(*, user_id: UserId, body: GroupBody) -> TeamGroup:
    name, business = clean_name(body.name), require_owner(user_id, body.business_id)
    with transaction.atomic():
        members = lock_members(business.pk, body.member_ids, field="memberIds")  # before the business
        check_number(TeamGroup, business, most=MOST_GROUPS, kinds="groups")
        group = save_named(TeamGroup(business=business, name=name), "group")
        group.members.set(members)
    return group


def change_group(*, user_id: UserId, row_id: str, body: GroupChanges) -> TeamGroup:
    with transaction.atomic():
        group = _find(user_id, row_id)
        if isinstance(body.name, str):
            group.name = clean_name(body.name)
        if isinstance(body.member_ids, list):
            group.members.set(lock_members(group.business_id, body.member_ids, field="memberIds"))
        return save_named(group, "group")


def delete_group(*, user_id: UserId, row_id: str) -> None:
    """Remove the group from the list now, and from its conversations by a job."""
    with transaction.atomic():
        group = _find(user_id, row_id)
        group.removed_at = timezone.now()
        group.save(update_fields=["removed_at"])
        enqueue(dissolve_group, str(group.pk))


def _find(user_id: UserId, row_id: str) -> TeamGroup:
    """Return a group of a business that the user owns, locked."""
    group = find_named(TeamGroup, user_id, row_id, "group")
    require_owner(user_id, group.business_id)
    return group
