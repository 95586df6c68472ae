"""A widget's visitors talk to the widget's business and to nobody else: its host could make any number of them."""

from __future__ import annotations

from uuid import UUID

from chatsite.errors import not_found
from chatsite.widget.models import ExternalIdentity
from conversations import access
from conversations.access import UserId


def only_its_business(customer_id: UserId, business_id: UUID) -> None:
    bound = ExternalIdentity.objects.filter(user_id=customer_id).values_list("site__business_id", flat=True)
    own = bound.first()
    if own is not None and own != business_id:
        raise not_found("business")


access.customer_rules.append(only_its_business)
