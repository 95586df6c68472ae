"""A browser gets no more pushes after its login or session has ended or the password has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from chatsite.identity import operations as identity
from notifications.delivery.addresses import subscriptions_of
from notifications.delivery.jobs import prune_subscriptions
from notifications.delivery.models import PushSubscription
from notifications.delivery.push import sending
from tests.away.conftest import Shop
from tests.away.post_office import PushService


def change_password(shop: Shop) -> None:
    shop.carol.set_password("a new one")
    shop.carol.save()


def test_a_changed_password_ends_the_pushes(shop: Shop, push_service: PushService) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    change_password(shop)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert push_service.requests == []
    assert shop.decisions(shop.carol) == [("push", "skipped", "no_device")]
    shop.subscribed(shop.carol, push_service, "new")  # signed in with the new password
    shop.say(shop.amir, "Hello again")
    shop.pass_seconds(11)
    assert [path for path, _, _ in push_service.requests] == ["/new"]
    assert push_service.pushes(browser) == []


def test_a_push_under_way_is_left_out_when_the_password_changes(
    shop: Shop, push_service: PushService
) -> None:
    shop.subscribed(shop.carol, push_service)
    push_service.status = 503
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    push_service.status = 201
    change_password(shop)
    shop.run_jobs()
    assert push_service.requests == []
    assert shop.decisions(shop.carol) == [("push", "failed", "gone")]
    device = PushSubscription.objects.get()
    sending.withdraw_push.func(str(device.pk), str(shop.conversation.pk))
    assert push_service.requests == []


def test_an_ended_login_ends_the_subscription_that_it_made(shop: Shop, push_service: PushService) -> None:
    logins = {name: identity.open_login(user_id=str(shop.carol.pk)) for name in ("phone", "desktop")}
    for name, login in logins.items():
        client = APIClient(headers={"Authorization": f"Bearer {login.access}"})
        browser = push_service.browser(name)
        assert client.post("/push/subscriptions", browser.subscription, format="json").status_code == 201
    identity.end_login(refresh=logins["phone"].refresh)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert [path for path, _, _ in push_service.requests] == ["/desktop"]
    prune_subscriptions.func()
    [left] = PushSubscription.objects.all()
    assert left.endpoint.endswith("/desktop")
    identity.end_user_sessions(user_id=str(shop.carol.pk))
    assert subscriptions_of([shop.carol])[shop.carol.pk] == []


def sign_out(client: Client, key: str) -> None:
    """Sign out in another window of the browser, without scripts."""
    assert client.post("/sign-out").status_code == 302


def delete(client: Client, key: str) -> None:
    Session.objects.get(pk=key).delete()


def expire(client: Client, key: str) -> None:
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("end", [sign_out, delete, expire])
def test_an_ended_session_ends_the_subscription_that_it_made(
    shop: Shop, push_service: PushService, end: Callable[[Client, str], None]
) -> None:
    browsers = {name: Client() for name in ("phone", "desktop")}
    for name, client in browsers.items():
        client.force_login(shop.carol)
        subscription = push_service.browser(name).subscription
        answer = client.post("/push/subscriptions", subscription, content_type="application/json")
        assert answer.status_code == 201
    end(browsers["phone"], str(browsers["phone"].session.session_key))
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert [path for path, _, _ in push_service.requests] == ["/desktop"]
    prune_subscriptions.func()
    [left] = PushSubscription.objects.all()
    assert left.endpoint.endswith("/desktop")


def test_a_browser_that_signs_in_again_subscribes_again(shop: Shop, push_service: PushService) -> None:
    client, subscription = Client(), push_service.browser("phone").subscription
    devices = []
    for _ in range(2):
        client.force_login(shop.carol)
        client.post("/push/subscriptions", subscription, content_type="application/json")
        devices += subscriptions_of([shop.carol])[shop.carol.pk]
        client.logout()
        assert subscriptions_of([shop.carol])[shop.carol.pk] == []
    assert devices == [PushSubscription.objects.get()] * 2
