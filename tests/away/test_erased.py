"""An erased person is not notified, and nobody is notified of what an erased person wrote."""

from __future__ import annotations

import pytest
from django.core import mail

from conversations.moderation.erasure import erase_person
from notifications.delivery.escalation_check import check_due
from notifications.delivery.models import Notice, PushSubscription
from tests.away.conftest import Shop
from tests.away.post_office import PushService

TEN_MINUTES = 601


@pytest.mark.parametrize("decided", [False, True], ids=["before the decision", "before the sending"])
def test_nobody_is_notified_of_an_erased_senders_message(
    shop: Shop, push_service: PushService, decided: bool
) -> None:
    shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "My secret")
    shop.clock.pass_seconds(TEN_MINUTES)
    if decided:
        check_due(shop.clock.now)
        assert Notice.objects.filter(state="pending").count() == 2
    erase_person(actor=None, user_id=shop.amir.pk, reason="asked for it")
    shop.work()
    shop.pass_seconds(TEN_MINUTES)
    assert (push_service.requests, mail.outbox) == ([], [])


@pytest.mark.parametrize("decided", [False, True], ids=["before the decision", "before the sending"])
def test_an_erased_person_is_not_notified(shop: Shop, push_service: PushService, decided: bool) -> None:
    shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Hello")
    shop.clock.pass_seconds(TEN_MINUTES)
    if decided:
        check_due(shop.clock.now)
    erase_person(actor=None, user_id=shop.carol.pk, reason="asked for it")
    shop.work()
    shop.pass_seconds(TEN_MINUTES)
    assert (push_service.requests, mail.outbox) == ([], [])
    assert not PushSubscription.objects.exists()
