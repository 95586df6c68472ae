"""Fixtures for in-process tests of webhooks: a business with an owner and a customer, and a receiver."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from chatsite.background.worker import WorkerProcess
from conversations import operations
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.processing import Columns, finish
from conversations.models import Business, Conversation
from conversations.requests import SendBody
from notifications.webhooks.models import Webhook, WebhookDelivery
from tests.conversations.people import business, client_of, conversation, person, say
from tests.webhooks.receiver import Receiver


@dataclass
class Shop:
    owner: User
    customer: User
    business: Business
    where: Conversation

    def rest(self, user: User | None = None) -> Any:
        return client_of(user or self.owner)

    def add_webhook(self, url: str, *events: str) -> dict[str, Any]:
        body = {"businessId": str(self.business.pk), "url": url, "events": list(events or ("*",))}
        answer = self.rest().post("/webhooks", body, format="json")
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made

    def say(self, *contents: str) -> None:
        say(self.where, self.customer, contents)

    def send_file(self, name: str, **columns: Any) -> Attachment:
        """Send a file of the customer that has not been processed."""
        file = StoredFile.objects.create(key=name)
        row = Attachment.objects.create(
            owner=self.customer,
            kind="image",
            name=name,
            size=9,
            content_type="image/jpeg",
            file=file,
            **columns,
        )
        body = SendBody(content="", attachment_ids=[str(row.pk)])
        operations.send_message(sender_id=self.customer.pk, conversation_id=self.where.pk, body=body)
        row.refresh_from_db()
        return row

    def process_file(self, sent: Attachment, outcome: Columns) -> None:
        assert sent.file_id is not None
        finish(sent.pk, sent.file_id, outcome)


@pytest.fixture
def inside_allowed(settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    """The worker closes its connections, as in its own process, so no transaction can surround a test."""
    return make_shop()


def make_shop() -> Shop:
    owner, customer = person(), person()
    made = business(owner)
    return Shop(owner, customer, made, conversation(made, customer))


@pytest.fixture
def receiver(inside_allowed: None) -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def run_jobs() -> None:
    """Let a worker run what is ready."""
    WorkerProcess().run_ready_jobs()


def run_retries() -> None:
    """Make every retry due now, and let a worker run it."""
    from notifications.webhooks.delivering import wake

    WebhookDelivery.objects.filter(state="pending").update(retry_at=timezone.now())
    Webhook.objects.update(retry_at=None, woken_at=None)
    wake(Webhook.objects.filter(enabled=True))
    run_jobs()
