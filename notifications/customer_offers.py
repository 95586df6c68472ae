"""Show members the offers of a conversation in the customer panel."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from conversations.models import Conversation
from conversations.team.customer.panel import sources
from conversations.team.customer.serializers import PanelOfferObject
from notifications.currencies import amount_text
from notifications.models import Offer

SHOWN: Final = 5


def panel_fields(conversation: Conversation) -> dict[str, Any]:
    rows = Offer.objects.filter(conversation=conversation).order_by("-id")[:SHOWN]
    return {"offers": [_offer_object(row) for row in rows]}


def _offer_object(row: Offer) -> PanelOfferObject:
    is_over = row.status == Offer.Status.PENDING and row.expires_at <= timezone.now()
    return PanelOfferObject(
        id=row.pk,
        title=row.title,
        amount=amount_text(row.amount_minor, row.currency),
        currency=row.currency,
        status=Offer.Status.EXPIRED.value if is_over else row.status,  # type: ignore[arg-type]
        created_at=row.created_at,
    )


sources.append(panel_fields)
