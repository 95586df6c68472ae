"""Webhooks in the admin: site-wide endpoints are created there, and secrets are shown once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from conversations.models import Business
from notifications.webhooks.models import Webhook, WebhookDelivery
from tests.webhooks.conftest import Shop, run_jobs
from tests.webhooks.receiver import Receiver

LIST = "/admin/notifications/webhook/"


@pytest.fixture
def admin(shop: Shop) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def add(admin: Client, url: str) -> Any:
    return admin.post(f"{LIST}add/", {"url": url, "events": ["message.created"], "enabled": "on"})


def test_an_endpoint_of_the_site(shop: Shop, admin: Client, receiver: Receiver) -> None:
    answer = add(admin, receiver.url)
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode())
    assert Webhook.objects.get().business is None
    assert Business.objects.get(pk=shop.business.pk).changes_recorded is True
    shop.say("hello")
    run_jobs()
    assert len(receiver.requests) == 1
    for page in (LIST, f"{LIST}{Webhook.objects.get().pk}/change/", "/admin/notifications/webhookdelivery/"):
        shown = admin.get(page)
        assert shown.status_code == 200
        assert secret not in shown.content.decode()
        assert Webhook.objects.get().secret not in shown.content.decode()


def test_addresses_on_the_inside_are_refused(admin: Client) -> None:
    answer = add(admin, "http://127.0.0.1/")
    assert "must not call" in answer.content.decode()
    assert not Webhook.objects.exists()


def test_disabling_rotating_and_deleting(shop: Shop, admin: Client, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    change = f"{LIST}{made['id']}/change/"
    form = {"url": receiver.url, "events": ["message.created"], "description": ""}
    assert admin.post(change, form).status_code == 302
    endpoint = Webhook.objects.get()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "by_hand")
    chosen = {"_selected_action": [made["id"]], "index": "0"}
    shown = admin.post(LIST, {"action": "rotate_secret", **chosen}).content.decode()
    assert re.search(r"whsec_[A-Za-z0-9+/=]+", shown)
    assert made["secret"] not in shown
    assert admin.post(f"{LIST}{made['id']}/delete/", {"post": "yes"}).status_code == 302
    assert Business.objects.get(pk=shop.business.pk).changes_recorded is False


def test_test_events_and_replays(shop: Shop, admin: Client, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    shop.say("hello")
    chosen = {"_selected_action": [made["id"]], "index": "0"}
    admin.post(LIST, {"action": "send_test", **chosen})
    run_jobs()
    assert sorted(one.event["type"] for one in receiver.requests) == ["message.created", "webhook.test"]
    admin.post(LIST, {"action": "replay_span", **chosen})
    run_jobs()
    assert len(receiver.requests) == 4
    log = LogEntry.objects.filter(object_id=made["id"]).order_by("pk")
    assert [entry.get_change_message() for entry in log] == [
        "Sent a test event.",
        "Delivered 2 events again.",
    ]
    yesterday = timezone.now() - timedelta(days=1)
    WebhookDelivery.objects.filter(event__type="webhook.test").update(created_at=yesterday)
    span = {
        name: f"{yesterday + timedelta(hours=add):%Y-%m-%dT%H:%M}"
        for name, add in (("since", -1), ("until", 1))
    }
    admin.post(LIST, {"action": "replay_span", **chosen, **span})
    run_jobs()
    assert [one.event["type"] for one in receiver.requests[4:]] == ["webhook.test"]
    refused = admin.post(LIST, {"action": "replay_span", **chosen, "since": "then"}, follow=True)
    assert "Write both times" in refused.content.decode()
