"""People of the in-process tests, and a separate shop for a black-box test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.realtime import broadcast
from chatsite.realtime.hub import Addressed
from conversations.models import Business, Conversation, Membership
from notifications import types
from tests.harness.cast import Cast
from tests.notifications.shop import LiveShop


@dataclass
class Town:
    """A shop with an owner and an agent, its customer, and a stranger."""

    olivia: User = field(default_factory=lambda: User.objects.create(username="olivia", first_name="Olivia"))
    amir: User = field(default_factory=lambda: User.objects.create(username="amir", first_name="Amir"))
    carol: User = field(default_factory=lambda: User.objects.create(username="carol", first_name="Carol"))
    stranger: User = field(default_factory=lambda: User.objects.create(username="stranger"))
    shop: Business = field(default_factory=lambda: Business.objects.create(name="Shop", slug="shop"))

    def __post_init__(self) -> None:
        Membership.objects.create(business=self.shop, user=self.olivia, role=Membership.Role.OWNER)
        Membership.objects.create(business=self.shop, user=self.amir)
        self.conversation = Conversation.objects.create(business=self.shop, customer=self.carol)

    def newcomer(self, name: str = "nina") -> User:
        return User.objects.create(username=name, first_name=name.title())


def make_api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def town(db: None) -> Town:
    return Town()


@pytest.fixture
def site_with_mail(settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL = True
    settings.SITE_URL = "https://chat.example"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Addressed]:
    """Record every event that is sent after a commit."""
    events: list[Addressed] = []
    monkeypatch.setattr(broadcast, "broadcast", events.extend)
    return events


def told(sent: list[Addressed], user: User) -> list[dict[str, Any]]:
    """Return the data of the `notification` events to the user."""
    group = f"user.{user.pk}"
    return [
        msgspec.json.decode(event.data, type=dict[str, Any])
        for name, event in sent
        if name == group and event.name == "notification"
    ]


@pytest.fixture
def parcel() -> Iterator[types.NotificationType]:
    """A notification type of a project."""
    declared = types.declare(
        "parcel", title="Order {number} is on its way", body="With {carrier}.", action_url="/orders/{number}"
    )
    yield declared
    del types._declared["parcel"]


def tomorrow() -> datetime:
    return timezone.now() + timedelta(days=1)


@pytest.fixture
async def live_shop(cast: Cast) -> LiveShop:
    return await LiveShop.open(cast)
