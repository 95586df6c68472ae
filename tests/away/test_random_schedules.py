"""For random schedules, the site sends exactly the notices that a small model expects.

A schedule is one business. Its people write, read, delete, mute, block, assign, view conversations and leave, in
random order. Several businesses share a worker, a clock and the outages, so one run of the worker covers many of
them. `AWAY_SCHEDULES=5000` sets the number of schedules, and `AWAY_FIRST` the first one.
"""

from __future__ import annotations

import os
import random
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from chatsite.background.jobs import RetryLater
from chatsite.http.outgoing import OutgoingFailed, OutgoingResponse
from chatsite.realtime import broadcast
from notifications.delivery import attention, decisions, escalation_check, escalations, notices
from notifications.delivery.mail import sending as mail
from notifications.delivery.mail.composing import Section
from notifications.delivery.models import Notice, PushSubscription
from notifications.delivery.push import sending as push
from notifications.delivery.push.content import tag_of
from notifications.delivery.push.vapid import new_private_key
from tests.away.model import MAIL_AFTER
from tests.away.random_shop import Shop

FIRST = int(os.environ.get("AWAY_FIRST", "0"))
SCHEDULES = int(os.environ.get("AWAY_SCHEDULES", "20"))
AT_ONCE = 10

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


class Killed(BaseException):
    """Ends a worker at any point, as SIGKILL does: the product does not catch it."""


class World:
    """Several businesses of the product, their worker, a push service and a mail server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, first: int, number: int) -> None:
        self.now = timezone.now()
        self.push_up = self.mail_up = True
        self.kill = ""
        self._jobs: list[tuple[Any, str]] = []
        self.choice = random.Random(first)
        self.shops = [Shop(one, self) for one in range(first, first + number)]
        self._by_key = {
            str(user.pk): (shop, name) for shop in self.shops for name, user in shop.users.items()
        }
        self._customers = {str(talk.row.pk): talk.customer for shop in self.shops for talk in shop.talks}
        self._tags = {tag_of(talk.row.pk): talk.customer for shop in self.shops for talk in shop.talks}
        self._replace_parts(monkeypatch)

    def _replace_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        monkeypatch.setattr(attention, "attentive_users", self._attentive_users)
        # What pushes and mails say is tested elsewhere, and costs more than the decisions.
        monkeypatch.setattr(push, "message_content", lambda *_: b"")
        monkeypatch.setattr(push, "post_content", self._request)
        monkeypatch.setattr(mail, "compose", self._compose)
        monkeypatch.setattr(mail, "get_connection", lambda: self)
        monkeypatch.setattr(push, "finish", self._dying(notices.finish, "sent"))
        monkeypatch.setattr(mail, "finish", self._dying(notices.finish, "sent"))
        monkeypatch.setattr(
            escalation_check, "store_mails", self._dying(escalation_check.store_mails, "look")
        )
        for module in (escalation_check, push):
            monkeypatch.setattr(module, "enqueue", self._enqueue)

    def _dying(self, function: Callable[..., None], at: str) -> Callable[..., None]:
        def run(*args: Any, **kwargs: Any) -> None:
            if self.kill == at and (at == "look" or args[1] == Notice.State.SENT):
                raise Killed
            function(*args, **kwargs)

        return run

    def _attentive_users(self, user_ids: list[str]) -> set[str]:
        return {key for key in user_ids if self._by_key[key][1] in self._by_key[key][0].model.looking}

    # The push service and the mail server

    def _request(
        self, device: PushSubscription, content: bytes, topic: str, now: datetime
    ) -> OutgoingResponse:
        if self.kill == "claimed":
            raise Killed
        if not self.push_up:
            raise OutgoingFailed("no route")
        self._note("push", device.endpoint.rpartition("/")[2], ((self._tags[topic], 0),))
        return OutgoingResponse(201, {}, b"")

    def open(self) -> None:
        if not self.mail_up:
            raise smtplib.SMTPConnectError(421, "down")

    def _compose(self, notice: Notice, sections: list[Section], locale: str) -> EmailMessage:
        return EmailMessage(to=[notice.user.email], headers={"X-Notice": str(notice.pk)})

    def send_messages(self, mails: list[EmailMessage]) -> int:
        if self.kill == "claimed":
            raise Killed
        for one in mails:
            notice = Notice.objects.get(pk=one.extra_headers["X-Notice"])
            covers = sorted((self._customers[key], seq) for key, seq in notice.covers.items())
            self._note("email", one.to[0].partition("@")[0], tuple(covers))
        return len(mails)

    def close(self) -> None:
        pass

    def _note(self, channel: str, address: str, covers: tuple[tuple[str, int], ...]) -> None:
        name, _, number = address.partition("-")
        [shop] = [shop for shop in self.shops if shop.number == int(number)]
        shop.sent.append((channel, name, covers))

    # The worker

    def _enqueue(self, task: Any, *args: Any, delay: timedelta | None = None) -> None:
        """Enqueue the job early if it waits. It decides again when it runs."""
        deliver = push.deliver if task is push.send_push else mail.deliver
        self._jobs.append((deliver, *args))

    def tick(self) -> None:
        """Find what is due, and run every job once. With `kill`, the worker dies at that point of each job."""
        before = list(self._jobs)
        try:
            escalation_check.check_due(self.now)
        except Killed:
            self._jobs = before  # its transaction is gone
        if self.kill != "look":
            self._run_jobs()
        for shop in self.shops:
            shop.model.tick(self.now, push_up=self.push_up, mail_up=self.mail_up, kill=self.kill)

    def _run_jobs(self) -> None:
        jobs, self._jobs = self._jobs, []
        for deliver, key in jobs:
            try:
                deliver(key, self.now)
            except (RetryLater, Killed):
                self._jobs.append((deliver, key))

    def run(self) -> None:
        for step in range(max(shop.steps for shop in self.shops)):
            self.now += timedelta(seconds=self.choice.choice([1, 4, 11, 60, 300, 700]))
            for shop in self.shops:
                if step < shop.steps:
                    shop.take_step()
            self.kill = self.choice.choice(["", "", "", "", "", "look", "claimed", "sent"])
            self.tick()
        self.kill, self.push_up, self.mail_up = "", True, True
        for shop in self.shops:
            shop.model.looking.clear()
        for _ in range(3):
            self.now += timedelta(seconds=MAIL_AFTER + 1)
            self.tick()


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_notices_are_those_of_the_model(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.SITE_URL, settings.CHAT_SENDS_MAIL = "https://chat.example", True
    settings.VAPID_PRIVATE_KEY = new_private_key()
    monkeypatch.setattr(decisions, "LOOK_AGAIN", timedelta())
    monkeypatch.setattr(escalation_check, "PENDING_MAIL", timedelta())
    monkeypatch.setattr(escalation_check, "BATCH", 7)  # several batches are due at once
    monkeypatch.setattr(broadcast, "broadcast", lambda events: None)
    sent = 0
    for first in range(FIRST, FIRST + SCHEDULES, AT_ONCE):
        with monkeypatch.context() as patched, undone():
            escalations.forget()
            world = World(patched, first, AT_ONCE)
            world.run()
            for shop in world.shops:
                assert sorted(shop.sent) == sorted(shop.model.sent), f"AWAY_FIRST={first}: {shop.number}"
                sent += len(shop.sent)
            assert not Notice.objects.filter(state=Notice.State.PENDING).exists(), f"AWAY_FIRST={first}"
    assert sent > SCHEDULES / 4, "the schedules send hardly anything"
