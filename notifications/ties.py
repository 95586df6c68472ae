"""People whom a business knows by an invitation."""

from __future__ import annotations

from uuid import UUID

from conversations import contacts
from conversations.access import UserId
from notifications.models import Invitation


def has_accepted_invitation(business_id: UUID, user_id: UserId) -> bool:
    """A former member of the team. Who accepted an offer has a conversation with the business anyway."""
    accepted = Invitation.objects.filter(status=Invitation.Status.ACCEPTED)
    return accepted.filter(business_id=business_id, invitee_id=user_id).exists()


contacts.ties.append(has_accepted_invitation)
