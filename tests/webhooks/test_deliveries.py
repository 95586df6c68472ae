"""Failed deliveries are retried in order. An endpoint that keeps failing is paused, and finally disabled."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from notifications.models import Notification
from notifications.webhooks import delivering, housekeeping
from notifications.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from notifications.webhooks.schedule import CIRCUIT_FAILURES, GIVE_UP_AFTER, retry_delay
from tests.conversations.people import conversation, person, say
from tests.harness.patience import patience
from tests.webhooks.conftest import Shop, run_jobs, run_retries
from tests.webhooks.receiver import Received, Receiver


def contents(requests: list[Received]) -> list[str]:
    return [one.event["data"]["message"]["content"] for one in requests]


def test_a_failed_event_is_sent_again_with_the_same_id(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "message.created")
    receiver.behave = lambda received: 503 if len(receiver.requests) == 1 else 200
    shop.say("hello")
    run_jobs()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.answer["status"]) == ("pending", 1, 503)
    assert delivery.retry_at is not None
    assert delivery.retry_at > timezone.now() + timedelta(seconds=2)
    run_jobs()
    assert len(receiver.requests) == 1, "the retry did not wait"
    run_retries()
    first, second = receiver.requests
    assert first.id == second.id
    assert first.body == second.body
    assert WebhookDelivery.objects.get().state == "delivered"


def test_later_events_of_the_conversation_wait_and_others_do_not(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "message.created")
    refused = {"one"}
    receiver.behave = lambda received: 500 if contents([received])[0] in refused else 200
    other = person()
    elsewhere = conversation(shop.business, other)
    shop.say("one", "two", "three")
    say(elsewhere, other, ["beside"])
    run_jobs()
    assert contents(receiver.accepted) == ["beside"]
    refused.clear()
    run_retries()
    assert contents(receiver.accepted) == ["beside", "one", "two", "three"]


def test_retries_last_three_days(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "message.created")
    receiver.behave = lambda received: 400 if contents([received]) == ["poison"] else 200
    shop.say("poison", "sound")
    run_jobs()
    long_ago = timezone.now() - GIVE_UP_AFTER - timedelta(minutes=1)
    WebhookDelivery.objects.filter(state="pending", attempts__gt=0).update(first_attempt_at=long_ago)
    Webhook.objects.update(failures=0, failing_since=None)
    run_retries()
    states = WebhookDelivery.objects.order_by("event_id").values_list("state", flat=True)
    assert list(states) == ["failed", "delivered"]
    assert Webhook.objects.get().enabled, "one bad event disabled an endpoint that takes others"


def test_waits_grow_to_hours_and_vary() -> None:
    assert timedelta(seconds=4) <= retry_delay(1) <= timedelta(seconds=6)
    assert timedelta(hours=3) < retry_delay(50) < timedelta(hours=5)
    assert len({retry_delay(3) for _ in range(20)}) > 1
    assert retry_delay(1, asked=600) == timedelta(minutes=10)
    assert retry_delay(1, asked=10**6) == timedelta(hours=1)


def test_the_circuit_opens_and_one_event_tries_it(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "message.created")
    receiver.behave = lambda received: 503
    shop.say("one")
    for _ in range(CIRCUIT_FAILURES):
        run_retries()
    endpoint = Webhook.objects.get()
    assert endpoint.failures == CIRCUIT_FAILURES
    assert endpoint.retry_at is not None
    seen = len(receiver.requests)
    other = person()
    say(conversation(shop.business, other), other, ["two"])
    WebhookDelivery.objects.update(retry_at=None)
    delivering.wake([endpoint])
    run_jobs()
    assert len(receiver.requests) == seen, "the circuit was not open"
    run_retries()
    assert len(receiver.requests) == seen + 1, "more than one event tried the endpoint"
    receiver.behave = lambda received: 200
    run_retries()
    assert Webhook.objects.get().failures == 0
    assert sorted(contents(receiver.accepted)) == ["one", "two"]


def test_410_disables_the_endpoint_and_tells_the_owner(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    receiver.behave = lambda received: 410
    shop.say("hello")
    run_jobs()
    shown = shop.rest().get(f"/webhooks/{made['id']}").json()
    assert (shown["enabled"], shown["disabledReason"]) == (False, "gone")
    told = Notification.objects.get(type="webhook_disabled")
    assert told.recipient == shop.owner
    assert receiver.url in told.title
    run_retries()
    assert len(receiver.requests) == 1
    receiver.behave = lambda received: 200
    again = shop.rest().patch(f"/webhooks/{made['id']}", {"enabled": True}, format="json").json()
    assert (again["enabled"], again["disabledReason"]) == (True, None)
    run_retries()
    assert contents(receiver.accepted) == ["hello"]


def test_an_endpoint_that_fails_for_three_days_is_disabled(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "message.created")
    receiver.behave = lambda received: 500
    shop.say("hello")
    run_jobs()
    Webhook.objects.update(failing_since=timezone.now() - GIVE_UP_AFTER - timedelta(minutes=1))
    run_retries()
    assert Webhook.objects.get().disabled_reason == "unreachable"
    assert Notification.objects.filter(type="webhook_disabled", recipient=shop.owner).count() == 1


def test_a_slow_endpoint_delays_no_other(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow endpoint moves to the queue for slow ones after one attempt."""
    monkeypatch.setattr("notifications.webhooks.results.SLOW_SECONDS", 0.2)

    def slow(received: Received) -> int:
        time.sleep(0.4)
        return 200

    shop.add_webhook(receiver.url, "message.created")
    receiver.behave = slow
    shop.say("one")
    run_jobs()
    assert Webhook.objects.get().is_slow
    shop.say("two")
    from django_tasks_db.models import DBTaskResult

    assert DBTaskResult.objects.filter(status="READY", queue_name="webhooks-slow").count() == 1
    receiver.behave = lambda received: 200
    monkeypatch.setattr("notifications.webhooks.results.SLOW_SECONDS", 60)
    run_jobs()
    assert contents(receiver.accepted) == ["one", "two"]
    assert not Webhook.objects.get().is_slow


def test_one_worker_at_a_time_delivers_to_an_endpoint(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    held, free = threading.Event(), threading.Event()

    def hold(received: Received) -> int:
        held.set()
        free.wait(patience(10))
        return 200

    receiver.behave = hold
    shop.say("one")
    first = threading.Thread(target=run_jobs)
    first.start()
    assert held.wait(patience(10))
    shop.say("two")
    run_jobs()
    assert len(receiver.requests) == 1
    free.set()
    first.join()
    run_jobs()
    assert contents(receiver.accepted) == ["one", "two"]
    assert Webhook.objects.get(pk=made["id"]).lease is None


def test_a_lost_wakeup_is_noticed(shop: Shop, receiver: Receiver) -> None:
    from django_tasks_db.models import DBTaskResult

    shop.add_webhook(receiver.url, "message.created")
    shop.say("hello")
    DBTaskResult.objects.all().delete()
    delivering.wake_forgotten.call()
    run_jobs()
    assert receiver.requests == [], "woken although a job may still wait"
    Webhook.objects.update(woken_at=timezone.now() - delivering.WAKEUP_LOST_AFTER)
    delivering.wake_forgotten.call()
    run_jobs()
    assert contents(receiver.accepted) == ["hello"]


def test_an_address_that_leads_inside_by_now_is_not_called(
    shop: Shop, receiver: Receiver, settings: Settings
) -> None:
    shop.add_webhook(receiver.url, "message.created")
    shop.say("hello")
    settings.OUTGOING_ALLOW_NETWORKS = ()
    run_jobs()
    assert receiver.requests == []
    assert "does not call" in WebhookDelivery.objects.get().error


def test_deliveries_are_kept_for_30_days(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "message.created")
    shop.say("old", "young")
    run_jobs()
    old = WebhookDelivery.objects.order_by("pk")[0]
    long_ago = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=long_ago)
    WebhookEvent.objects.filter(pk=old.event_id).update(created_at=long_ago)
    housekeeping.prune_deliveries.call()
    assert WebhookDelivery.objects.count() == WebhookEvent.objects.count() == 1
