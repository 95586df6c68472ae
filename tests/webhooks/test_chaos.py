"""An endpoint answers 503, hangs, resets and dies, and workers are killed. Each event arrives, in order."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from functools import partial
from typing import Final

import pytest

from tests.harness.backend import Deployment
from tests.harness.patience import wait_until
from tests.harness.processes import NewProcesses
from tests.harness.workers import Worker
from tests.webhooks.receiver import Received, Receiver

pytestmark = pytest.mark.fault

CONVERSATIONS, MESSAGES = 20, 50

SET_UP = """
from uuid import uuid4
from django.contrib.auth import get_user_model
from django.db import transaction
from conversations import operations
from conversations.models import Business
from notifications.webhooks.recorded_businesses import mark_recorded_businesses
from notifications.webhooks.models import Webhook
from notifications.webhooks.secrets import encrypted, new_secret
name = f"chaos-{{uuid4().hex[:8]}}"
shop = Business.objects.create(name=name, slug=name)
with transaction.atomic():
    hook = Webhook.objects.create(
        business=shop, url={url!r}, events=["message.created"], secret=encrypted(new_secret())
    )
    mark_recorded_businesses([shop.pk])
for number in range({conversations}):
    customer = get_user_model().objects.create(username=f"{{name}}-{{number}}")
    operations.open_conversation(user_id=customer.pk, business_id=str(shop.pk))
print(shop.pk, hook.pk)
"""
# As the group commit of live sockets writes them: one message of each conversation in a transaction.
SAY = """
from conversations.models import Conversation
from conversations.writing.requests import Send
from conversations.writing.write_batch import write
talks = list(Conversation.objects.filter(business={shop!r}))
for number in range({messages}):
    sent = write([Send(where.pk, where.customer_id, f"message {{number}}") for where in talks])
    assert all(one.created for one in sent), sent
"""
# Lets every retry be due now.
HURRY = """
from django.db import transaction
from notifications.webhooks.delivering import wake
from notifications.webhooks.models import Webhook, WebhookDelivery
with transaction.atomic():
    Webhook.objects.select_for_update().get(pk={hook!r})
    WebhookDelivery.objects.filter(webhook={hook!r}, state="pending").update(retry_at=None)
    Webhook.objects.filter(pk={hook!r}).update(retry_at=None, woken_at=None)
wake(Webhook.objects.filter(pk={hook!r}))
"""
# The worker is dead, so do not wait for its lease.
END_LEASE = """
from notifications.webhooks.models import Webhook
Webhook.objects.filter(pk={hook!r}).update(lease_until=None)
"""
IDS = """
from notifications.webhooks.models import WebhookDelivery
for event in WebhookDelivery.objects.filter(webhook={hook!r}).select_related("event").order_by("event_id"):
    print(event.event.event_id.hex)
"""


FAILURES: Final[tuple[int | str, ...]] = (503, "reset", "cut")


class Unreliable:
    """Fails at random, and hangs twice."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        self._hangs = 2
        self._lock = threading.Lock()

    def __call__(self, received: Received) -> int | str:
        with self._lock:
            chance = self._random.random()
            if chance < 0.01 and self._hangs:
                self._hangs -= 1
                return "hang"
        if chance > 0.08:
            return 200
        return self._random.choice(FAILURES)


def test_every_event_arrives_in_order(services: Deployment) -> None:
    services.stop_worker()
    with Receiver(Unreliable(), hang_seconds=6) as receiver:
        set_up = SET_UP.format(url=receiver.url, conversations=CONVERSATIONS)
        shop, hook = services.shell(set_up).split()
        environment = {**services.environment, "OUTGOING_ALLOW_NETWORKS": "127.0.0.0/8"}
        worker = Worker(NewProcesses(environment), services.folder / "chaos-worker.log")
        worker.start()
        try:
            services.shell(SAY.format(messages=MESSAGES // 2, shop=shop))
            for some in (150, 300):
                wait_until(partial(_has_accepted, services, hook, receiver, some), "some events")
                worker.kill()
                services.shell(END_LEASE.format(hook=hook))
                worker.start()
            services.shell(SAY.format(messages=MESSAGES // 2, shop=shop))
            everything = CONVERSATIONS * MESSAGES
            wait_until(partial(_has_accepted, services, hook, receiver, everything), "all events", 120)
        finally:
            worker.kill()
        owed = services.shell(IDS.format(hook=hook)).split()
        _check(receiver, owed)


def _has_accepted(services: Deployment, hook: str, receiver: Receiver, number: int) -> bool:
    """Return whether this number of events was accepted. Make the retries of others due."""
    if len({one.id for one in receiver.accepted}) >= number:
        return True
    services.shell(HURRY.format(hook=hook))
    return False


def _check(receiver: Receiver, owed: list[str]) -> None:
    assert {one.id for one in receiver.accepted} == {f"msg_{key}" for key in owed}
    assert len(owed) == CONVERSATIONS * MESSAGES
    bodies: dict[str, set[bytes]] = defaultdict(set)
    revs: dict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for one in receiver.requests:
        bodies[one.id].add(one.body)
        if one.accepted and one.id not in seen:
            seen.add(one.id)
            revs[one.event["data"]["conversationId"]].append(one.event["data"]["rev"])
    assert all(len(sent) == 1 for sent in bodies.values()), "an event changed between two attempts"
    assert len(revs) == CONVERSATIONS
    for conversation, order in revs.items():
        assert order == sorted(order), f"{conversation} came out of order"
