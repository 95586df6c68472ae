"""For random schedules, the notices that are sent are those that a small model expects: none missing, none twice.

The model looks at everybody at every moment, and knows no rows, jobs or due times. `AWAY_SCHEDULES=5000` runs as many.
"""

from __future__ import annotations

import os
import random
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from chatsite.background.jobs import RetryLater
from chatsite.errors import DomainError
from chatsite.http.outgoing import OutgoingAnswer, OutgoingFailed
from chatsite.realtime import broadcast
from conversations import operations
from conversations.blocks.operations import block_business, block_user, unblock_business, unblock_user
from conversations.models import Business, Conversation, Membership
from conversations.moderation import operations as moderation
from conversations.own_state.operations import arrange_conversation
from notifications.delivery import attention, decisions, escalations, ladder, notices
from notifications.delivery.mail import sending as mail
from notifications.delivery.models import Channel, Notice
from notifications.delivery.push import sending as push
from notifications.delivery.push.content import tag_of
from notifications.delivery.push.subscriptions import subscribe
from notifications.delivery.push.vapid import new_private_key
from tests.away.post_office import Browser

SCHEDULES = int(os.environ.get("AWAY_SCHEDULES", "60"))
PUSH_AFTER, MAIL_AFTER = 10, 600

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


class Killed(BaseException):
    """Ends a worker at any point, as SIGKILL does: no handler of the product catches it."""


@dataclass
class Message:
    seq: int
    id: str
    sender: str
    at: datetime
    is_read: bool = False
    is_gone: bool = False


@dataclass
class Talk:
    """A conversation as the model knows it."""

    customer: str
    row: Conversation
    messages: list[Message] = field(default_factory=list)

    def side_of(self, name: str) -> str:
        return "customer" if name == self.customer else "business"

    def unread(self, reader: str) -> list[Message]:
        side = self.side_of(reader)
        return [
            one
            for one in self.messages
            if not (one.is_read or one.is_gone) and self.side_of(one.sender) != side
        ]


@dataclass
class Model:
    """Who is told of what, decided for everybody at every moment."""

    talks: list[Talk]
    people: list[str]
    looking: set[str] = field(default_factory=set)
    muted: set[tuple[str, str]] = field(default_factory=set)  # person, the conversation's customer
    blocked: set[tuple[str, str]] = field(default_factory=set)  # who blocks, whom; "shop" for the business
    told: dict[tuple[str, str, str], int] = field(default_factory=dict)  # channel, person, customer: seq
    pending: set[tuple[str, str]] = field(default_factory=set)  # pushes on their way: person, customer
    sent: list[tuple[str, str, tuple[tuple[str, int], ...]]] = field(default_factory=list)

    def is_blocked(self, reader: str, sender: str) -> bool:
        if reader in {talk.customer for talk in self.talks}:
            return (reader, sender) in self.blocked or (reader, "shop") in self.blocked
        return ("shop", sender) in self.blocked

    def readers(self, talk: Talk) -> list[str]:
        return [talk.customer, *(name for name in self.people if name in ("olivia", "amir"))]

    def wanted(self, reader: str, messages: list[Message]) -> list[Message]:
        return [one for one in messages if not self.is_blocked(reader, one.sender)]

    def fresh(self, channel: str, reader: str, talk: Talk) -> list[Message]:
        told = self.told.get((channel, reader, talk.customer), 0)
        return [one for one in talk.unread(reader) if one.seq > told]

    def is_due(self, channel: str, reader: str, talk: Talk, now: datetime) -> bool:
        fresh = self.fresh(channel, reader, talk)
        wait = timedelta(seconds=PUSH_AFTER if channel == "push" else MAIL_AFTER)
        return bool(fresh) and (self.wanted(reader, fresh) or fresh)[0].at + wait <= now

    def is_wanted(self, channel: str, reader: str, talk: Talk) -> bool:
        wanted = self.wanted(reader, self.fresh(channel, reader, talk))
        return bool(wanted) and (reader, talk.customer) not in self.muted

    def note(self, channel: str, reader: str, talk: Talk) -> int:
        seq = self.fresh(channel, reader, talk)[-1].seq
        self.told[channel, reader, talk.customer] = seq
        return seq

    def tick(self, now: datetime, *, push_up: bool, mail_up: bool, kill: str) -> None:
        if kill == "look":
            return
        for talk in self.talks:
            for reader in self.readers(talk):
                self._push_step(reader, talk, now)
                if self.is_due("email", reader, talk, now) and not self.is_wanted("email", reader, talk):
                    self.note("email", reader, talk)
        for reader, customer in sorted(self.pending):
            self._push(reader, customer, now, push_up, kill)
        for reader in self.people:
            self._mail(reader, now, mail_up, kill)

    def _push_step(self, reader: str, talk: Talk, now: datetime) -> None:
        if not self.is_due("push", reader, talk, now):
            return
        if not self.is_wanted("push", reader, talk):
            self.note("push", reader, talk)
        elif reader not in self.looking:
            self.note("push", reader, talk)
            self.pending.add((reader, talk.customer))

    def _push(self, reader: str, customer: str, now: datetime, is_up: bool, kill: str) -> None:
        [talk] = [talk for talk in self.talks if talk.customer == customer]
        unread = talk.unread(reader)
        wanted = self.wanted(reader, unread)
        if unread and (wanted or unread)[0].at + timedelta(seconds=PUSH_AFTER) > now:
            return
        if not wanted or (reader, customer) in self.muted:
            self.pending.discard((reader, customer))
        elif reader not in self.looking:
            told = self.told.get(("push", reader, customer), 0)
            self.told["push", reader, customer] = max(told, unread[-1].seq)
            if kill == "claimed" or is_up:
                self.pending.discard((reader, customer))
            if kill != "claimed" and is_up:
                self.sent.append(("push", reader, ((customer, 0),)))

    def _mail(self, reader: str, now: datetime, is_up: bool, kill: str) -> None:
        mine = [talk for talk in self.talks if reader in self.readers(talk)]
        due = [talk for talk in mine if self.is_due("email", reader, talk, now)]
        if not [talk for talk in due if self.is_wanted("email", reader, talk)]:
            return
        if reader in self.looking or not is_up:
            return
        covers = []
        for talk in mine:
            if self.is_wanted("email", reader, talk):
                last = self.wanted(reader, self.fresh("email", reader, talk))[-1].seq
                self.told["email", reader, talk.customer] = last
                covers.append((talk.customer, last))
        if kill != "claimed":
            self.sent.append(("email", reader, tuple(sorted(covers))))


class World:
    """The product, with a clock, a push service and a mail server that a schedule turns on and off."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = timezone.now()
        self.push_up = self.mail_up = True
        self.kill = ""
        self.sent: list[tuple[str, str, tuple[tuple[str, int], ...]]] = []
        self.users = {
            name: User.objects.create(username=name, email=f"{name}@mail.example")
            for name in ("olivia", "amir", "carol", "dora")
        }
        self.shop = Business.objects.create(name="Shop", slug="shop")
        for name in ("olivia", "amir"):
            Membership.objects.create(business=self.shop, user=self.users[name])
        self.talks = [
            Talk(name, Conversation.objects.create(business=self.shop, customer=self.users[name]))
            for name in ("carol", "dora")
        ]
        self.model = Model(self.talks, list(self.users))
        for name, user in self.users.items():
            browser = Browser(f"https://push.example/{name}")
            subscribe(user_id=user.pk, endpoint=browser.endpoint, **browser.subscription["keys"])
        self._tags = {tag_of(talk.row.pk): talk.customer for talk in self.talks}
        self._replace_parts(monkeypatch)

    def _replace_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        monkeypatch.setattr(attention, "looking", self._looking)
        monkeypatch.setattr(push, "post", self._post)
        monkeypatch.setattr(mail, "get_connection", lambda: self)
        monkeypatch.setattr(push, "finish", self._dying(notices.finish))
        monkeypatch.setattr(mail, "finish", self._dying(notices.finish))
        monkeypatch.setattr(ladder, "make_mails", self._dying(ladder.make_mails, at="look"))

    def _dying(self, function: Callable[..., None], at: str = "sent") -> Callable[..., None]:
        def run(*args: Any, **kwargs: Any) -> None:
            if self.kill == at and (at == "look" or args[1] == Notice.State.SENT):
                raise Killed
            function(*args, **kwargs)

        return run

    def _looking(self, user_ids: list[str]) -> set[str]:
        names = {str(user.pk): name for name, user in self.users.items()}
        return {key for key in user_ids if names[key] in self.model.looking}

    # The push service and the mail server

    def _post(self, url: str, body: bytes, headers: dict[str, str], **_: Any) -> OutgoingAnswer:
        if self.kill == "claimed":
            raise Killed
        if not self.push_up:
            raise OutgoingFailed("no route")
        self.sent.append(("push", url.rpartition("/")[2], ((self._tags[headers["Topic"]], 0),)))
        return OutgoingAnswer(201, {}, b"")

    def open(self) -> None:
        if not self.mail_up:
            raise smtplib.SMTPConnectError(421, "down")

    def send_messages(self, mails: list[Any]) -> int:
        if self.kill == "claimed":
            raise Killed
        for one in mails:
            notice = Notice.objects.get(pk=one.extra_headers["Message-ID"][1:].partition("@")[0])
            by_id = {str(talk.row.pk): talk.customer for talk in self.talks}
            covers = tuple(sorted((by_id[key], seq) for key, seq in notice.covers.items()))
            self.sent.append(("email", one.to[0].partition("@")[0], covers))
        return len(mails)

    def close(self) -> None:
        pass

    # What people do

    def say(self, name: str, talk: Talk) -> None:
        sent = operations.send_message(
            sender_id=self.users[name].pk, conversation_id=talk.row.pk, content=f"{name} says"
        ).message
        talk.messages.append(Message(sent.seq, str(sent.id), name, self.now))

    def read(self, name: str, talk: Talk) -> None:
        operations.mark_read(user_id=self.users[name].pk, conversation_id=talk.row.pk)
        for message in talk.unread(name):
            message.is_read = True

    def take_back(self, talk: Talk, choice: random.Random) -> None:
        if not talk.messages:
            return
        message = choice.choice(talk.messages)
        if choice.random() < 0.5:
            operations.delete_message(user_id=self.users[message.sender].pk, message_id=message.id)
        else:
            moderation.hide_message(actor=None, message_id=message.id, reason="test")
        message.is_gone = True

    def mute(self, name: str, talk: Talk) -> None:
        key = (name, talk.customer)
        muted = key not in self.model.muted
        until = self.now + timedelta(days=30) if muted else None
        arrange_conversation(user_id=self.users[name].pk, conversation_id=talk.row.pk, muted_until=until)
        self.model.muted ^= {key}

    def block(self, talk: Talk, choice: random.Random) -> None:
        customer = self.users[talk.customer].pk
        whom = choice.choice(["amir", "shop", "customer"])
        key = ("shop", talk.customer) if whom == "customer" else (talk.customer, whom)
        is_new = key not in self.model.blocked
        if whom == "shop":
            (block_business if is_new else unblock_business)(user_id=customer, business_id=str(self.shop.pk))
        else:
            by, blocked = (
                (self.users["olivia"].pk, customer)
                if whom == "customer"
                else (customer, self.users["amir"].pk)
            )
            (block_user if is_new else unblock_user)(user_id=by, blocked_id=str(blocked))
        self.model.blocked ^= {key}

    # The worker

    def tick(self) -> None:
        """Let the worker look and run every job once. With `kill` it dies at that point of each of them."""
        with self._killed():
            ladder.look_at_due(self.now)
        if self.kill == "look":
            self.model.tick(self.now, push_up=self.push_up, mail_up=self.mail_up, kill=self.kill)
            return
        pending = Notice.objects.filter(state=Notice.State.PENDING).order_by("pk")
        for key, channel in list(pending.values_list("pk", "channel")):
            deliver = push.deliver if channel == Channel.PUSH else mail.deliver
            with self._killed():
                try:
                    deliver(str(key), self.now)
                except RetryLater:
                    continue
        self.model.tick(self.now, push_up=self.push_up, mail_up=self.mail_up, kill=self.kill)

    @contextmanager
    def _killed(self) -> Iterator[None]:
        with suppress(Killed):
            yield


def take_step(world: World, choice: random.Random, step: str, name: str, talk: Talk) -> None:
    if step == "s":
        world.say(name, talk)
    elif step == "r":
        world.read(name, talk)
    elif step == "d":
        world.take_back(talk, choice)
    elif step == "m":
        world.mute(name, talk)
    elif step == "b":
        world.block(talk, choice)
    elif step == "l":
        world.model.looking ^= {name}
    else:
        world.push_up, world.mail_up = choice.random() < 0.5, choice.random() < 0.5


def run_schedule(world: World, choice: random.Random) -> None:
    for _ in range(choice.randint(10, 30)):
        world.now += timedelta(seconds=choice.choice([1, 4, 11, 60, 300, 700]))
        talk, name = choice.choice(world.talks), choice.choice(list(world.users))
        if name in ("carol", "dora"):
            name = talk.customer
        try:
            take_step(world, choice, choice.choice("sssssrrdmbllo"), name, talk)
        except DomainError as refusal:
            if refusal.code != "forbidden":  # a sender who is blocked
                raise
        world.kill = choice.choice(["", "", "", "", "", "look", "claimed", "sent"])
        world.tick()
    world.kill, world.push_up, world.mail_up = "", True, True
    world.model.looking.clear()
    for _ in range(3):
        world.now += timedelta(seconds=MAIL_AFTER + 1)
        world.tick()


@pytest.mark.parametrize("part", range(4))
def test_the_notices_are_those_of_the_model(
    part: int, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.SITE_URL, settings.CHAT_SENDS_MAIL = "https://chat.example", True
    settings.VAPID_PRIVATE_KEY = new_private_key()
    monkeypatch.setattr(decisions, "LOOK_AGAIN", timedelta())
    monkeypatch.setattr(ladder, "PENDING_MAIL", timedelta())
    monkeypatch.setattr(broadcast, "broadcast", lambda events: None)
    monkeypatch.setattr("notifications.delivery.push.subscriptions.check_url", lambda url, https_only: None)
    sent = 0
    for number in range(part, SCHEDULES, 4):
        with monkeypatch.context() as patched, transaction.atomic():
            escalations.forget()
            world = World(patched)
            run_schedule(world, random.Random(number))
            assert sorted(world.sent) == sorted(world.model.sent), f"schedule {number}"
            assert not Notice.objects.filter(state=Notice.State.PENDING).exists(), f"schedule {number}"
            sent += len(world.sent)
            transaction.set_rollback(True)
    assert sent > SCHEDULES / 4, "the schedules send hardly anything"
