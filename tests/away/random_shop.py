"""A business whose people act at random, in the product and in the model."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from django.contrib.auth.models import User

from chatsite.errors import DomainError
from conversations import operations
from conversations.blocks.operations import block_business, block_user, unblock_business, unblock_user
from conversations.models import Business, Conversation, Membership
from conversations.moderation import operations as moderation
from conversations.own_state.operations import arrange_conversation
from conversations.requests import SendBody
from conversations.team.operations import set_team_state
from conversations.team.requests import TeamBody
from notifications.delivery.models import PushSubscription
from tests.away.model import MEMBERS, Message, Model, Sent, Talk

CUSTOMERS = ("carol", "dora")
STEPS = "sssssrrdmballo"  # what `Shop.take_step` understands


class Conditions(Protocol):
    """What all businesses share: the clock, and whether the push service and the mail server work."""

    now: datetime
    push_up: bool
    mail_up: bool


class Shop:
    """A business of the product, and its model."""

    def __init__(self, number: int, world: Conditions) -> None:
        self.number = number
        self.choice = random.Random(number)
        self.steps = self.choice.randint(10, 30)
        self._world = world
        names = (*MEMBERS, *CUSTOMERS)
        self.users: dict[str, Any] = dict(
            zip(
                names,
                User.objects.bulk_create(
                    User(username=f"{name}-{number}", email=f"{name}-{number}@mail.example") for name in names
                ),
                strict=True,
            )
        )
        self.business = Business.objects.create(name="Shop", slug=f"shop-{number}")
        Membership.objects.bulk_create(
            Membership(business=self.business, user=self.users[name]) for name in MEMBERS
        )
        self.talks = [
            Talk(name, Conversation.objects.create(business=self.business, customer=self.users[name]))
            for name in CUSTOMERS
        ]
        self.model = Model(self.talks)
        PushSubscription.objects.bulk_create(self._subscription(name) for name in names)
        self.sent: list[Sent] = []

    def _subscription(self, name: str) -> PushSubscription:
        endpoint = f"https://push.example/{name}-{self.number}"
        digest = sha256(endpoint.encode()).hexdigest()
        return PushSubscription(user=self.users[name], endpoint=endpoint, endpoint_digest=digest)

    # What people do

    def take_step(self) -> None:
        talk, name = self.choice.choice(self.talks), self.choice.choice(list(self.users))
        if name in CUSTOMERS:
            name = talk.customer
        match self.choice.choice(STEPS):
            case "s":
                self._say(name, talk)
            case "r":
                self._read(name, talk)
            case "d":
                self._take_back(talk)
            case "m":
                self._mute(name, talk)
            case "b":
                self._block(talk)
            case "a":
                self._assign(talk)
            case "l":
                self.model.looking ^= {name}
            case _:
                self._world.push_up, self._world.mail_up = (self.choice.random() < 0.5 for _ in range(2))

    def _say(self, name: str, talk: Talk) -> None:
        try:
            sent = operations.send_message(
                sender_id=self.users[name].pk,
                conversation_id=talk.row.pk,
                body=SendBody(content=f"{name} says"),
            ).message
        except DomainError as refusal:
            if refusal.code != "forbidden":  # a sender who is blocked
                raise
        else:
            talk.messages.append(Message(sent.seq, str(sent.id), name, self._world.now))

    def _read(self, name: str, talk: Talk) -> None:
        operations.mark_read(user_id=self.users[name].pk, conversation_id=talk.row.pk)
        for message in talk.unread(name):
            message.is_read = True

    def _take_back(self, talk: Talk) -> None:
        if not talk.messages:
            return
        message = self.choice.choice(talk.messages)
        if self.choice.random() < 0.5:
            operations.delete_message(user_id=self.users[message.sender].pk, message_id=message.id)
        else:
            moderation.hide_message(actor=None, message_id=message.id, reason="test")
        message.is_gone = True

    def _mute(self, name: str, talk: Talk) -> None:
        key = (name, talk.customer)
        until = None if key in self.model.muted else self._world.now + timedelta(days=30)
        arrange_conversation(user_id=self.users[name].pk, conversation_id=talk.row.pk, muted_until=until)
        self.model.muted ^= {key}

    def _block(self, talk: Talk) -> None:
        customer = self.users[talk.customer].pk
        whom = self.choice.choice(["amir", "shop", "customer"])
        key = ("shop", talk.customer) if whom == "customer" else (talk.customer, whom)
        is_new = key not in self.model.blocked
        if whom == "shop":
            change_business = block_business if is_new else unblock_business
            change_business(user_id=customer, business_id=str(self.business.pk))
        else:
            by, blocked = self.users["olivia"].pk, customer
            if whom == "amir":
                by, blocked = customer, self.users["amir"].pk
            (block_user if is_new else unblock_user)(user_id=by, blocked_id=str(blocked))
        self.model.blocked ^= {key}

    def _assign(self, talk: Talk) -> None:
        talk.assignee = self.choice.choice([None, *MEMBERS])
        assignee_id = None if talk.assignee is None else str(self.users[talk.assignee].pk)
        set_team_state(
            user_id=self.users["olivia"].pk,
            conversation_id=talk.row.pk,
            body=TeamBody(assignee_id=assignee_id),
        )
