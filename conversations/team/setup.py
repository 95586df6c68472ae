"""The list of first steps of a new business, which its owners can hide."""

from __future__ import annotations

from conversations.access import UserId, require_owner
from conversations.models import Business


def hide_setup(*, user_id: UserId, business_id: str) -> None:
    """Hide the list for all owners of the business. Repeating changes nothing."""
    business = require_owner(user_id, business_id)
    Business.objects.filter(pk=business.pk).update(setup_hidden=True)
