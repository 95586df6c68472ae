"""Cancel a user's open offers and invitations when the user loses the right to make them."""

from __future__ import annotations

from uuid import UUID

from chatsite.identity.operations import user_deactivated
from conversations.access import UserId
from conversations.membership import membership_changed
from notifications.invitations import revoke_after_lost_ownership
from notifications.offers import withdraw_after_lost_membership


def cancel_open_items(user_id: UserId, business_id: UUID | None = None) -> None:
    """Revoke invitations and withdraw offers that the user may no longer make. Checks one business or all."""
    withdraw_after_lost_membership(user_id, business_id)
    revoke_after_lost_ownership(user_id, business_id)


membership_changed.append(cancel_open_items)
user_deactivated.append(cancel_open_items)
