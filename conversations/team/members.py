"""Changes of a team's members by its owners. Invitations are how somebody becomes a member."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from chatsite.errors import DomainError, not_found
from conversations.access import UserId, user_key
from conversations.membership import add_member, lock_person, remove_member
from conversations.models import Membership
from conversations.team.access import member_business

OWNER = Membership.Role.OWNER


def set_role(*, user_id: UserId, business_id: str, member_id: str, role: str) -> Membership:
    """Make the member an owner or an agent, as an owner. The last owner stays one."""
    business, key = member_business(user_id, business_id), _key(member_id)
    with transaction.atomic():
        lock_person(key)
        _require_owner(user_id, business.pk)
        _require_person(business.pk, key)
        add_member(business_id=business.pk, user_id=key, role=role)
    changed: Membership = Membership.objects.select_related("user").get(business=business, user_id=key)
    return changed


def end_membership(*, user_id: UserId, business_id: str, member_id: str) -> None:
    """Remove the member as an owner, or leave the team oneself. The last owner stays."""
    business, key = member_business(user_id, business_id), _key(member_id)
    with transaction.atomic():
        lock_person(key)
        if key != user_id:
            _require_owner(user_id, business.pk)
        _require_person(business.pk, key)
        remove_member(business_id=business.pk, user_id=key)


def _key(raw_id: str) -> UserId:
    try:
        return user_key(raw_id)
    except DomainError as error:
        raise not_found("member") from error


def _require_owner(user_id: UserId, business_id: UUID) -> None:
    """Check under the locks that a change of owners takes too, so that a former owner changes nothing."""
    owners = Membership.objects.select_for_update().filter(business_id=business_id, role=OWNER).order_by("pk")
    if user_id not in list(owners.values_list("user_id", flat=True)):
        raise DomainError("forbidden", "Only an owner of the business can change its members.")


def _require_person(business_id: UUID, user_id: UserId) -> None:
    member = Membership.objects.filter(business_id=business_id, user_id=user_id).first()
    if member is None:
        raise not_found("member")
    if member.is_bot:
        raise DomainError("conflict", "Bots are removed at /bots, and are always agents.")
