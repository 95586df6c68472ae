"""The database refuses an invitation or an offer that breaks an invariant, whoever writes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from notifications import invitations, offers
from notifications.models import Invitation, Offer
from tests.notifications.conftest import Town, tomorrow

Json = dict[str, Any]


@pytest.mark.parametrize(
    "broken",
    [
        {},  # a second pending one
        {"status": "accepted"},  # without its time
        {"status": "nonsense", "answered_at": timezone.now()},
        {"status": "revoked", "answered_at": timezone.now(), "role": "boss"},
        {"status": "revoked", "answered_at": timezone.now(), "expires_at": timezone.now() - timedelta(1)},
    ],
)
def test_invitations(town: Town, broken: Json) -> None:
    nina = town.newcomer()
    invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username=nina.username)
    later = timezone.now() + timedelta(days=1)
    values = {"business": town.shop, "inviter": town.olivia, "invitee": nina, "expires_at": later, **broken}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(
            **{**values, "invitee": town.olivia, "status": "pending", "answered_at": None}
        )


@pytest.mark.parametrize(
    "broken",
    [
        {"amount_minor": 0},
        {"currency": "EURO"[:2]},
        {"status": "accepted"},
        {"answered_at": timezone.now()},
        {"status": "nonsense", "answered_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"client_id": "taken"},
    ],
)
def test_offers(town: Town, broken: Json) -> None:
    offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title="Blue bike",
        amount_minor=129900,
        currency="EUR",
        expires_at=tomorrow(),
        client_id="taken",
    )
    values = {
        "conversation": town.conversation,
        "author": town.amir,
        "title": "x",
        "amount_minor": 1,
        "currency": "EUR",
        "expires_at": tomorrow(),
    }
    Offer.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.create(**{**values, **broken})
