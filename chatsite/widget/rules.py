"""Let a widget's visitors talk only to the widget's business, because its host can create any number of them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import F, Q

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
    """Refuse a membership of a widget's guest, and that of a signed visitor in another business.

    The token of a host or the key of a guest signs in to the account, so the account must not act for a business. A
    business vouches for the visitors that its own host has signed. Nobody vouches for a guest.
    """
    identities = ExternalIdentity.objects.filter(user_id=user_id)
    if identities.filter(kind=ExternalIdentity.Kind.GUEST).exists():
        raise DomainError("conflict", "A guest of a widget cannot become a member. Sign in with an account.")
    if identities.exclude(site__business_id=business_id).exists():
        raise DomainError("conflict", "A widget's visitor cannot become a member of another business.")


def find_visitors_with_memberships() -> Iterator[str]:
    """Describe each membership that `check_member` would refuse, such as one made by SQL or an older release."""
    own, kind = "user__widget_identity__site__business_id", "user__widget_identity__kind"
    rows = Membership.objects.filter(user__widget_identity__isnull=False)
    rows = rows.filter(~Q(business_id=F(own)) | Q(**{kind: ExternalIdentity.Kind.GUEST}))
    wanted = rows.order_by("pk").values_list("user_id", kind, own, "business_id")
    for user_id, its_kind, own_id, business_id in wanted.iterator():
        who = "a guest" if its_kind == ExternalIdentity.Kind.GUEST else f"a visitor of business {own_id}"
        yield f"user {user_id}: {who} is a member of business {business_id}"


access.customer_rules.append(check_customer)
member_rules.member_rules.append(check_member)
integrity.further_checks.append(find_visitors_with_memberships)
