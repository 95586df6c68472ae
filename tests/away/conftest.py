"""A shop whose people are away, and a clock that tests control."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from chatsite.background.jobs import RetryLater
from chatsite.http import outgoing
from conversations import operations
from conversations.models import Business, Conversation, Membership
from conversations.requests import SendBody
from notifications.delivery import attention, escalation_check, escalations, rating_requests
from notifications.delivery.mail import sending as mail
from notifications.delivery.models import Channel, Notice
from notifications.delivery.push import sending as push
from notifications.delivery.push.subscriptions import subscribe
from notifications.delivery.push.vapid import new_private_key
from tests.away.post_office import Browser, MailServer, PushService


class Clock:
    """The clock of the escalations. It starts at the present time, and moves only when a test moves it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    @property
    def now(self) -> datetime:
        return timezone.now() + self.ahead

    def pass_seconds(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class Shop:
    """A business with an owner and an agent, and its customer. All of them have mail addresses."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.olivia, self.amir, self.carol = (self.person(name) for name in ("olivia", "amir", "carol"))
        self.business = Business.objects.create(name="Flora's Flowers", slug="flora")
        Membership.objects.create(business=self.business, user=self.olivia, role=Membership.Role.OWNER)
        Membership.objects.create(business=self.business, user=self.amir)
        self.conversation = Conversation.objects.create(business=self.business, customer=self.carol)

    def person(self, name: str) -> User:
        return User.objects.create(username=name, first_name=name.title(), email=f"{name}@mail.example")

    def say(self, sender: User, content: str, conversation: Conversation | None = None) -> Any:
        where = conversation or self.conversation
        escalations.forget()  # the clock of the tests is further ahead than a server's could be
        return operations.send_message(
            sender_id=sender.pk, conversation_id=where.pk, body=SendBody(content=content)
        ).message

    def read(self, reader: User, conversation: Conversation | None = None) -> None:
        operations.mark_read(user_id=reader.pk, conversation_id=(conversation or self.conversation).pk)

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass, and let the worker do what is due."""
        self.clock.pass_seconds(seconds)
        self.work()

    def work(self) -> None:
        """Find what is due, and run the jobs that follow. A job that asks to wait is left in the queue."""
        escalation_check.check_due(self.clock.now)
        self.run_jobs()

    def run_jobs(self) -> None:
        pending = Notice.objects.filter(state=Notice.State.PENDING).order_by("pk")
        for notice in list(pending):
            deliver = push.deliver if notice.channel == Channel.PUSH else mail.deliver
            if notice.episode_id is not None:
                deliver = rating_requests.deliver
            try:
                deliver(str(notice.pk), self.clock.now)
            except RetryLater:
                continue

    def looks_at_a_screen(self, user: User) -> None:
        attention.note([str(user.pk)])

    def decisions(self, user: User) -> list[tuple[str, str, str]]:
        """Return the channel, state and reason of each notice, oldest first."""
        rows = Notice.objects.filter(user=user).order_by("pk")
        return [(row.channel, row.state, row.reason) for row in rows]

    def subscribed(self, user: User, service: PushService, name: str = "") -> Browser:
        browser = service.browser(name or user.username)
        keys = browser.subscription["keys"]
        subscribe(user=user, endpoint=browser.endpoint, device="a browser", **keys)
        return browser


@pytest.fixture
def shop(db: None, settings: Settings) -> Shop:
    settings.SITE_URL = "https://chat.example"
    settings.DEFAULT_FROM_EMAIL = "chat@chat.example"
    settings.CHAT_SENDS_MAIL = True
    return Shop()


@pytest.fixture(scope="session")
def mail_server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with MailServer(tmp_path_factory.mktemp("mails")) as server:
        yield server


@pytest.fixture
def mail_server(mail_server_process: MailServer, settings: Settings) -> Iterator[MailServer]:
    """Provide an empty mail server that the site sends its mails to."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_server_process.port
    settings.EMAIL_TIMEOUT = 10
    mail_server_process.empty()
    yield mail_server_process
    mail_server_process.answer(None)


@pytest.fixture
def push_service(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PushService]:
    """Provide a push service that the site sends its pushes to."""
    service = PushService(tmp_path)
    settings.VAPID_PRIVATE_KEY = new_private_key()
    settings.VAPID_SUBJECT = "mailto:chat@chat.example"
    settings.OUTGOING_ALLOW_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    monkeypatch.setenv("SSL_CERT_FILE", str(service.certificate))
    outgoing.tls_context.cache_clear()
    yield service
    service.close()
    outgoing.tls_context.cache_clear()
