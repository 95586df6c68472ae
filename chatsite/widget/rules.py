"""Let a widget's visitors talk only to the widget's business, because its host can create any number of them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import F

from chatsite.errors import DomainError, not_found
from chatsite.widget.models import ExternalIdentity
from conversations import access, integrity, member_rules
from conversations.access import UserId
from conversations.models import Membership


def check_customer(customer_id: UserId, business_id: UUID) -> None:
    """Refuse a conversation of a widget's visitor with another business."""
    businesses = ExternalIdentity.objects.filter(user_id=customer_id).values_list(
        "site__business_id", flat=True
    )
    own = businesses.first()
    if own is not None and own != business_id:
        raise not_found("business")


def check_member(user_id: UserId, business_id: UUID) -> None:
    """Refuse a membership of a widget's visitor in another business.

    The token of a host or the key of a guest signs in to the account, so the account must not act for a business.
    """
    identities = ExternalIdentity.objects.filter(user_id=user_id)
    if identities.exclude(site__business_id=business_id).exists():
        raise DomainError("conflict", "A widget's visitor cannot become a member of another business.")


def find_visitors_with_memberships() -> Iterator[str]:
    """Describe each membership that `check_member` would refuse, such as one made by SQL or an older release."""
    own = "user__widget_identity__site__business_id"
    rows = Membership.objects.filter(user__widget_identity__isnull=False).exclude(business_id=F(own))
    for user_id, own_id, business_id in (
        rows.order_by("pk").values_list("user_id", own, "business_id").iterator()
    ):
        yield f"user {user_id}: a visitor of business {own_id} is a member of business {business_id}"


access.customer_rules.append(check_customer)
member_rules.member_rules.append(check_member)
integrity.further_checks.append(find_visitors_with_memberships)
