"""Let a business contact people who have accepted its invitation."""

from __future__ import annotations

from uuid import UUID

from conversations import contacts
from conversations.access import UserId
from notifications.models import Invitation


def has_accepted_invitation(business_id: UUID, user_id: UserId) -> bool:
    """Return whether the user has accepted an invitation of the business, as former members have."""
    accepted = Invitation.objects.filter(status=Invitation.Status.ACCEPTED)
    return accepted.filter(business_id=business_id, invitee_id=user_id).exists()


contacts.ties.append(has_accepted_invitation)
