"""Requests that notify others are limited by the user's shared limit, and per business and person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from chatsite.identity import throttles
from chatsite.realtime import user_limit
from chatsite.realtime.user_limit import UserBuckets
from notifications import invitations, offers
from notifications.models import Invitation, Notification, Offer
from tests.notifications.conftest import Town, tomorrow


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as refused:
        call()
    assert refused.value.code != "rate_limited" or (refused.value.details or {})["retryAfter"] > 0
    return refused.value.code


def invite(town: Town, name: str = "nina") -> Invitation:
    return invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username=name)


def make_offer(town: Town) -> Offer:
    made, _ = offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title="Blue bike",
        amount_minor=100,
        currency="EUR",
        expires_at=tomorrow(),
    )
    return made


def test_a_person_is_not_invited_over_and_over(town: Town) -> None:
    nina = town.newcomer()
    for _ in range(invitations.MOST_RECENT):
        invitations.revoke(user_id=town.olivia.pk, invitation_id=invite(town).pk)
    assert code_of(lambda: invite(town)) == "rate_limited"
    assert Notification.objects.filter(recipient=nina).count() == 2 * invitations.MOST_RECENT
    town.newcomer("nils")
    invite(town, "nils")  # other people may be invited
    yesterday = timezone.now() - invitations.RECENT - timedelta(minutes=1)
    Invitation.objects.filter(invitee=nina).update(created_at=yesterday)
    invite(town)


def test_a_customer_is_not_offered_things_over_and_over(town: Town) -> None:
    for _ in range(offers.MOST_RECENT):
        offers.withdraw_offer(user_id=town.amir.pk, offer_id=make_offer(town).pk)
    assert code_of(lambda: make_offer(town)) == "rate_limited"
    Offer.objects.update(created_at=timezone.now() - offers.RECENT - timedelta(minutes=1))
    make_offer(town)


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> UserBuckets:
    """Buckets that hold two charges and do not refill."""
    buckets = UserBuckets(rate=0.0001, burst=2 * invitations.CHARGE)
    monkeypatch.setattr(user_limit, "user_buckets", buckets)
    return buckets


@pytest.mark.usefixtures("spent")
def test_inviting_and_revoking_draw_from_the_users_limit(town: Town) -> None:
    town.newcomer()
    town.newcomer("nils")
    made = invite(town)
    invite(town, "nils")
    assert (
        code_of(lambda: invitations.revoke(user_id=town.olivia.pk, invitation_id=made.pk)) == "rate_limited"
    )
    assert invitations.accept(user_id=made.invitee_id, invitation_id=made.pk).status == "accepted"


@pytest.mark.usefixtures("spent")
def test_offering_and_withdrawing_draw_from_the_users_limit(town: Town) -> None:
    offers.withdraw_offer(user_id=town.amir.pk, offer_id=make_offer(town).pk)
    assert code_of(lambda: make_offer(town)) == "rate_limited"


def test_a_request_that_waits_as_long_as_it_is_told_is_let_through(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request takes from the limit, and so do the notifications that it causes."""
    monkeypatch.setattr(user_limit.user_buckets, "_users", {})
    client = APIClient()
    client.force_authenticate(town.amir)

    def post() -> Any:
        body = {"conversationId": str(uuid4()), "title": "Bike", "amountMinor": 1, "currency": "EUR"}
        return client.post("/offers", {**body, "expiresAt": tomorrow().isoformat()}, format="json")

    while (answer := post()).status_code != 429:
        assert answer.status_code == 404
    bucket = user_limit.user_buckets._users[str(town.amir.pk)]
    bucket.full_at -= answer.json()["error"]["details"]["retryAfter"]  # that much time has passed
    assert post().status_code == 404


def test_a_request_that_another_limit_refuses_has_its_cost(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_limit, "user_buckets", UserBuckets(rate=1000, burst=10_000))
    monkeypatch.setattr(throttles, "user_buckets", user_limit.user_buckets)
    for _ in range(offers.MOST_RECENT):
        offers.withdraw_offer(user_id=town.amir.pk, offer_id=make_offer(town).pk)
    user_limit.user_buckets.collect()
    client = APIClient()
    client.force_authenticate(town.amir)
    body = {"conversationId": str(town.conversation.pk), "title": "Bike", "amountMinor": 1, "currency": "EUR"}
    answer = client.post("/offers", {**body, "expiresAt": tomorrow().isoformat()}, format="json")
    assert answer.status_code == 429
    assert user_limit.user_buckets.collect() == {str(town.amir.pk): 1 + offers.CHARGE}
