"""Add and remove members of a business, also while their sockets are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from chatsite.errors import DomainError, not_found
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations import events
from conversations.access import UserId
from conversations.models import Conversation, Membership

# Called with the user and the business after a membership ended or changed its role, inside the transaction and with
# the business's owners locked. An app adds its own in `AppConfig.ready`.
membership_changed: Final[list[Callable[[UserId, UUID], None]]] = []


def lock_person(user_id: UserId) -> None:
    """Block other transactions that would make the person a member or a customer of a business.

    Nobody may be both, but no constraint can cover the two tables. On SQLite only one transaction writes at a time, so
    it needs no lock.
    """
    users = get_user_model()._default_manager.select_for_update(no_key=True, of=("self",))
    users.filter(pk=user_id).values_list("pk").first()


def add_member(*, business_id: UUID, user_id: UserId, role: str = Membership.Role.AGENT) -> Membership:
    """Make the user a member of the business, or change the role of a member.

    Open sockets of the user may join the business's conversations at once.
    """
    with transaction.atomic():
        lock_person(user_id)
        if Conversation.objects.filter(business_id=business_id, customer_id=user_id).exists():
            raise DomainError("conflict", "A customer of the business cannot become its member.")
        _check_bot(business_id, user_id, role)
        if role != Membership.Role.OWNER and lock_owners(business_id) == [user_id]:
            raise DomainError("conflict", "A business must have an owner.")
        membership, created = Membership.objects.update_or_create(
            business_id=business_id, user_id=user_id, defaults={"role": role}
        )
        if not created:
            _call_hooks(user_id, business_id)
        broadcast_on_commit([events.business_changed(events.MEMBERSHIP_BEGAN, user_id, business_id)])
    return membership


def _check_bot(business_id: UUID, user_id: UserId, role: str) -> None:
    """Refuse a bot as an owner or in a second business: it must not appoint people, nor read another business."""
    bot = Membership.objects.filter(user_id=user_id, is_bot=True).first()
    if bot is not None and (role != Membership.Role.AGENT or bot.business_id != business_id):
        raise DomainError("conflict", "A bot can only be an agent of the business that has created it.")


def remove_member(*, business_id: UUID, user_id: UserId) -> None:
    """End a membership, and close the user's live sockets. The last owner cannot be removed."""
    with transaction.atomic():
        if lock_owners(business_id) == [user_id]:
            raise DomainError("conflict", "The last owner of a business cannot be removed.")
        ended, _ = Membership.objects.filter(business_id=business_id, user_id=user_id).delete()
        if not ended:
            raise not_found("member")
        _call_hooks(user_id, business_id)
        broadcast_on_commit([events.business_changed(events.MEMBERSHIP_ENDED, user_id, business_id)])


def _call_hooks(user_id: UserId, business_id: UUID) -> None:
    for changed in membership_changed:
        changed(user_id, business_id)


def lock_owners(business_id: UUID) -> list[UserId]:
    """Return the owners and lock them, so that two owners cannot leave at the same time."""
    owners = Membership.objects.select_for_update().filter(
        business_id=business_id, role=Membership.Role.OWNER
    )
    return list(owners.order_by("pk").values_list("user_id", flat=True))
