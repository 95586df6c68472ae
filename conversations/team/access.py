"""Decide who may see and change the team's side. For everybody else, the customer included, it does not exist."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from chatsite.errors import invalid, not_found
from conversations import access
from conversations.access import UserId, object_key, user_key
from conversations.models import Business, Conversation, Membership, Side


def member_conversation(user_id: UserId, raw_id: str | UUID) -> Conversation:
    """Return a conversation of a business that the user is a member of. Raise `not_found` for all others."""
    conversation, side = access.find_conversation(user_id, raw_id)
    if side != Side.BUSINESS:
        raise not_found("conversation")
    return conversation


def member_business(user_id: UserId, raw_id: str | UUID) -> Business:
    """Return a business that the user is a member of."""
    key = object_key(raw_id, "business")
    if key not in access.load_actor(user_id).businesses:
        raise not_found("business")
    return Business.objects.get(pk=key)


def find_membership(user_id: UserId, raw_business_id: str | UUID) -> Membership:
    """Return the user's membership of the business. Raise `not_found` for everybody else."""
    key = object_key(raw_business_id, "business")
    found = Membership.objects.select_related("business", "user").filter(business_id=key, user_id=user_id)
    membership: Membership | None = found.first()
    if membership is None:
        raise not_found("business")
    return membership


def lock_members(business_id: UUID, raw_ids: Collection[str], *, field: str) -> list[UserId]:
    """Return the keys of these members, and keep their memberships until the end of the transaction.

    Take this lock before those of conversations, because the end of a membership takes them in this order too.
    """
    wanted = sorted({user_key(raw) for raw in raw_ids})
    rows = Membership.objects.select_for_update(no_key=True).filter(business_id=business_id)
    found = list(rows.filter(user_id__in=wanted).order_by("pk").values_list("user_id", flat=True))
    if len(found) != len(wanted):
        raise invalid(f"{field} must name members of the business.", field=field)
    return found
