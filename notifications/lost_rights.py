"""Takes back what a user offered in a business's name when the user may no longer speak for it."""

from __future__ import annotations

from uuid import UUID

from chatsite.identity.operations import user_deactivated
from conversations.access import UserId
from conversations.membership import membership_changed
from notifications.invitations import revoke_unbacked
from notifications.offers import withdraw_unbacked


def take_back(user_id: UserId, business_id: UUID | None = None) -> None:
    """Revoke invitations and withdraw offers that the user may no longer make, of one business or of all."""
    withdraw_unbacked(user_id, business_id)
    revoke_unbacked(user_id, business_id)


membership_changed.append(take_back)
user_deactivated.append(take_back)
