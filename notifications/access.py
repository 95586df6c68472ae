"""Decide who may see, make and answer invitations and offers. Hidden objects raise `not_found`.

An invitation is valid while its inviter owns the business. An offer is valid while its author is a member. Both are
checked under locks. Every transaction takes its locks in this order: users, memberships, conversations, invitations
and offers, inboxes.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from chatsite.errors import DomainError, not_found
from conversations.access import UserId, find_conversation, object_key
from conversations.models import Membership
from notifications.models import Invitation, Offer


def invitations() -> QuerySet[Invitation]:
    """Invitations with every relation that the wire object needs."""
    return Invitation.objects.select_related("business", "inviter", "invitee")


def find_invitation(user_id: UserId, raw_id: str | UUID) -> Invitation:
    """Return an invitation that the user received, or one of a business that the user owns."""
    found = invitations().filter(pk=object_key(raw_id, "invitation")).first()
    if found is None or not (found.invitee_id == user_id or _owns_business_of(user_id, found)):
        raise not_found("invitation")
    return found


def _owns_business_of(user_id: UserId, invitation: Invitation) -> bool:
    owners = Membership.objects.filter(business_id=invitation.business_id, role=Membership.Role.OWNER)
    return owners.filter(user_id=user_id).exists()


def require_invitee(user_id: UserId, invitation: Invitation) -> None:
    if invitation.invitee_id != user_id:
        raise DomainError("forbidden", "Only the invited user can answer an invitation.")


def require_inviting_side(user_id: UserId, invitation: Invitation) -> None:
    if not _owns_business_of(user_id, invitation):
        raise DomainError("forbidden", "Only an owner of the business can revoke an invitation.")


def lock_owner(user_id: UserId, business_id: UUID) -> bool:
    """Return whether the user is active and owns the business. The answer holds until the transaction ends.

    Locks all owners, in the same order as a change of members does.
    """
    if not lock_users({user_id}):
        return False
    owners = Membership.objects.filter(business_id=business_id, role=Membership.Role.OWNER)
    locked = owners.select_for_update().order_by("pk").values_list("user_id", flat=True)
    return user_id in list(locked)


def lock_member(user_id: UserId, business_id: UUID) -> bool:
    """Return whether the user is an active member of the business. The answer holds until the transaction ends."""
    if not lock_users({user_id}):
        return False
    members = Membership.objects.filter(business_id=business_id, user_id=user_id)
    return bool(members.select_for_update().values_list("pk", flat=True))


def lock_users(user_ids: set[UserId]) -> set[UserId]:
    """Lock the users in a fixed order. Return the active ones."""
    users = get_user_model()._default_manager.select_for_update(no_key=True, of=("self",))
    locked = users.filter(pk__in=user_ids).order_by("pk").values_list("pk", "is_active")
    return {key for key, is_active in locked if is_active}


def find_offer(user_id: UserId, raw_id: str | UUID) -> tuple[Offer, str]:
    """Return an offer in a conversation that the user takes part in, and the user's side."""
    offer = Offer.objects.filter(pk=object_key(raw_id, "offer")).first()
    if offer is None:
        raise not_found("offer")
    try:
        offer.conversation, side = find_conversation(user_id, offer.conversation_id)
    except DomainError as error:
        raise not_found("offer") from error
    return offer, side


def require_offer_side(side: str, wanted: str) -> None:
    if side != wanted:
        raise DomainError(
            "forbidden",
            "Only the customer can answer an offer."
            if wanted == "customer"
            else "Only a member of the business can make or withdraw an offer.",
        )
