"""Who may see an invitation or an offer. What one may not see is "not there"."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from chatsite.errors import DomainError, not_found
from conversations.access import UserId, find_conversation, object_key
from conversations.models import Membership
from notifications.models import Invitation, Offer


def invitations() -> QuerySet[Invitation]:
    """With all that the wire object needs."""
    return Invitation.objects.select_related("business", "inviter", "invitee")


def find_invitation(user_id: UserId, raw_id: str | UUID) -> Invitation:
    """One that the user received, or of a business that the user owns."""
    found = invitations().filter(pk=object_key(raw_id, "invitation")).first()
    if found is None or not (found.invitee_id == user_id or _owns_business_of(user_id, found)):
        raise not_found("invitation")
    return found


def _owns_business_of(user_id: UserId, invitation: Invitation) -> bool:
    owners = Membership.objects.filter(business_id=invitation.business_id, role=Membership.Role.OWNER)
    return owners.filter(user_id=user_id).exists()


def require_invitee(user_id: UserId, invitation: Invitation) -> None:
    if invitation.invitee_id != user_id:
        raise DomainError("forbidden", "Only the invited user may answer an invitation.")


def require_inviting_side(user_id: UserId, invitation: Invitation) -> None:
    if not _owns_business_of(user_id, invitation):
        raise DomainError("forbidden", "Only an owner of the business may take an invitation back.")


def find_offer(user_id: UserId, raw_id: str | UUID) -> tuple[Offer, str]:
    """An offer in a conversation that the user takes part in, and the user's side there."""
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
            "Only the customer may answer an offer."
            if wanted == "customer"
            else "Only a member of the business may make or withdraw an offer.",
        )
