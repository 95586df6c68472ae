"""A push that somebody has read elsewhere is withdrawn from the browser that shows it."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from chatsite.background.jobs import AttemptFailed
from notifications.delivery.models import PushSubscription
from notifications.delivery.push import sending
from notifications.delivery.push.withdrawals import withdraw_read_pushes
from tests.away.conftest import Shop
from tests.away.post_office import PushService


def test_reading_takes_a_shown_push_away(shop: Shop, push_service: PushService) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert withdraw_read_pushes(shop.clock.now) == 0
    shop.read(shop.carol)
    assert withdraw_read_pushes(shop.clock.now) == 1
    device = PushSubscription.objects.get()
    sending.withdraw_push.func(str(device.pk), str(shop.conversation.pk))
    shown, closed = push_service.pushes(browser)
    assert (closed["type"], closed["tag"], closed["unread"]) == ("close", shown["tag"], 0)
    assert withdraw_read_pushes(shop.clock.now) == 0


def test_a_withdrawal_that_is_late_leaves_the_next_push_alone(shop: Shop, push_service: PushService) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    first = shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    shop.read(shop.carol)
    assert withdraw_read_pushes(shop.clock.now) == 1
    device, where = PushSubscription.objects.get(), str(shop.conversation.pk)
    push_service.status = 503
    with pytest.raises(AttemptFailed):
        sending.withdraw_push.func(str(device.pk), where)
    push_service.status = 201
    shop.say(shop.amir, "Are you there?")
    shop.pass_seconds(11)
    sending.withdraw_push.func(str(device.pk), where)  # the next attempt
    assert [push["type"] for push in push_service.pushes(browser)] == ["message", "message"]
    shop.read(shop.carol)
    withdraw_read_pushes(shop.clock.now)
    sending.withdraw_push.func(str(device.pk), where)
    [*_, closed] = push_service.pushes(browser)
    assert (closed["type"], closed["seq"]) == ("close", first.seq + 1)


def test_a_push_is_withdrawn_after_a_later_message_that_was_read_before_its_push(
    shop: Shop, push_service: PushService
) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    shop.read(shop.carol)
    assert withdraw_read_pushes(shop.clock.now) == 1
    shop.say(shop.amir, "Are you there?")
    withdraw_again = (str(PushSubscription.objects.get().pk), str(shop.conversation.pk))
    sending.withdraw_push.func(*withdraw_again)
    assert withdraw_read_pushes(shop.clock.now) == 0  # not before the person has read it
    shop.read(shop.carol)
    shop.pass_seconds(11)
    assert withdraw_read_pushes(shop.clock.now) == 1
    sending.withdraw_push.func(*withdraw_again)
    assert [push["type"] for push in push_service.pushes(browser)] == ["message", "close"]
    assert withdraw_read_pushes(shop.clock.now) == 0


def test_browsers_of_apple_get_no_push_that_shows_nothing(
    shop: Shop, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apple ends a subscription after three of them."""
    shop.subscribed(shop.carol, push_service)
    device = PushSubscription.objects.get()
    device.endpoint = f"{sending.APPLE}x"
    device.save()
    request = Mock()
    monkeypatch.setattr(sending, "post_content", request)
    sending.withdraw_push.func(str(device.pk), str(shop.conversation.pk))
    request.assert_not_called()
