"""A change of many deliveries, or of many businesses, holds up no message of anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Business
from notifications.webhooks import delivering, operations
from notifications.webhooks.models import Webhook, WebhookDelivery
from notifications.webhooks.recorded_businesses import lock_marks
from tests.harness.patience import patience
from tests.webhooks.conftest import Shop, run_jobs
from tests.webhooks.receiver import Receiver

HOUR = timedelta(hours=1)


def contents(receiver: Receiver) -> list[str]:
    return [one.event["data"]["message"]["content"] for one in receiver.requests]


def replay(shop: Shop, endpoint: dict[str, Any], **span: Any) -> Any:
    body = span or {"from": (timezone.now() - HOUR).isoformat()}
    return shop.rest().post(f"/webhooks/{endpoint['id']}/replay", body, format="json")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "REPLAYED_AT_ONCE", 2)


@pytest.mark.usefixtures("small_batches")
def test_several_batches_are_replayed_in_their_order(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    said = ["one", "two", "three", "four", "five"]
    shop.say(*said)
    run_jobs()
    assert replay(shop, made).json() == {"replayed": 5}
    run_jobs()
    assert contents(receiver) == said * 2


@pytest.mark.usefixtures("small_batches")
def test_a_replay_that_dies_has_replayed_its_batches_and_can_be_repeated(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    shop.say("one", "two", "three")
    run_jobs()
    whole, batches = operations._replay_batch, iter([True, False])

    def dying(endpoint: Webhook, rows: Any) -> list[int]:
        if not next(batches):
            raise KeyboardInterrupt
        return whole(endpoint, rows)

    with monkeypatch.context() as patched:
        patched.setattr(operations, "_replay_batch", dying)
        with pytest.raises(KeyboardInterrupt):
            replay(shop, made)
    run_jobs()
    assert contents(receiver)[3:] == ["one", "two"]
    assert replay(shop, made).json() == {"replayed": 3}
    run_jobs()
    assert contents(receiver)[5:] == ["one", "two", "three"]


def test_a_replay_until_the_future_ends_with_what_there_was(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "message.created")
    shop.say("before")
    now = timezone.now()
    rows = operations.deliveries_between(Webhook.objects.get(), now - HOUR, now + HOUR)
    shop.say("while the batches run")
    assert rows.count() == 1


def test_removing_an_endpoint_leaves_its_deliveries_to_a_job(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url)
    shop.say("one", "two")
    with CaptureQueriesContext(connection) as queries:
        assert shop.rest().delete(f"/webhooks/{made['id']}").status_code == 204
    table = WebhookDelivery._meta.db_table
    assert not [query["sql"] for query in queries if table in query["sql"]]
    assert WebhookDelivery.objects.count() == 2
    run_jobs()
    assert not WebhookDelivery.objects.exists()
    assert receiver.requests == []


def test_staff_remove_an_endpoint_with_deliveries(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url)
    shop.say("one")
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    address = f"/admin/notifications/webhook/{made['id']}/delete/"
    assert client.post(address, {"post": "yes"}).status_code == 302
    run_jobs()
    assert not Webhook.objects.exists()
    assert not WebhookDelivery.objects.exists()


@contextmanager
def held(lock: Callable[[], object]) -> Iterator[None]:
    """Let another transaction hold a lock in the block."""
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                lock()
                holds.set()
                done.wait(patience(60))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        try:
            assert holds.wait(patience(10))
            yield
        finally:
            done.set()
        holder.result()


def say_beside(shop: Shop, content: str) -> None:
    """Write on a thread of its own. Fail if it waits for the lock."""

    def say() -> None:
        try:
            shop.say(content)
        finally:
            connection.close()

    thread = threading.Thread(target=say)
    thread.start()
    thread.join(patience(5))
    assert not thread.is_alive(), "the message waits for the lock"


# SQLite has one lock for everything.
if connection.vendor == "postgresql":

    def test_a_message_does_not_wait_for_a_locked_endpoint(shop: Shop, receiver: Receiver) -> None:
        shop.add_webhook(receiver.url, "message.created")
        with held(lambda: Webhook.objects.select_for_update().get()):
            say_beside(shop, "hello")
            delivering.wake_forgotten.call()  # does not wait either
            run_jobs()
            assert receiver.requests == []
        delivering.wake_forgotten.call()
        run_jobs()
        assert contents(receiver) == ["hello"]

    @pytest.mark.parametrize(
        "lock", [lock_marks, lambda: list(Business.objects.select_for_update(no_key=True))]
    )
    def test_a_message_does_not_wait_for_the_marks(shop: Shop, lock: Callable[[], object]) -> None:
        Business.objects.filter(pk=shop.business.pk).update(changes_recorded=None)
        with held(lock):
            say_beside(shop, "hello")
            assert Business.objects.get(pk=shop.business.pk).changes_recorded is None
        shop.say("the next one looks again")
        assert Business.objects.get(pk=shop.business.pk).changes_recorded is False
