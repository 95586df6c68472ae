"""The groups of a team. Members see them; owners make, change and delete them."""

from __future__ import annotations

from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue
from chatsite.errors import DomainError, not_found
from conversations import access
from conversations.access import UserId, object_key, require_owner
from conversations.models import Business, TeamGroup
from conversations.team.access import lock_members, member_business
from conversations.team.jobs import dissolve_group
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
        # Of two requests at once, the second counts the group of the first.
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)
        if TeamGroup.objects.filter(business=business, removed_at=None).count() >= MOST_GROUPS:
            raise DomainError("conflict", f"A business can have at most {MOST_GROUPS} groups.")
        group = _saved(TeamGroup(business=business, name=name))
        group.members.set(members)
    return group


def change_group(*, user_id: UserId, group_id: str, body: GroupChanges) -> TeamGroup:
    with transaction.atomic():
        group = _find(user_id, group_id)
        if isinstance(body.name, str):
            group.name = clean_name(body.name)
        if isinstance(body.member_ids, list):
            group.members.set(lock_members(group.business_id, body.member_ids, field="memberIds"))
        return _saved(group)


def delete_group(*, user_id: UserId, group_id: str) -> None:
    """Remove the group from the list now, and from its conversations by a job."""
    with transaction.atomic():
        group = _find(user_id, group_id)
        group.removed_at = timezone.now()
        group.save(update_fields=["removed_at"])
        enqueue(dissolve_group, str(group.pk))


def _find(user_id: UserId, group_id: str) -> TeamGroup:
    """Return a group of a business that the user owns, locked."""
    mine = access.load_actor(user_id).businesses
    rows = TeamGroup.objects.select_for_update(no_key=True).filter(business_id__in=mine, removed_at=None)
    group = rows.filter(pk=object_key(group_id, "group")).first()
    if group is None:
        raise not_found("group")
    require_owner(user_id, group.business_id)
    return group


def _saved(group: TeamGroup) -> TeamGroup:
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        raise DomainError("conflict", "The business already has a group with this name.") from error
    return group
