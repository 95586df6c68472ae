"""A shop with its people, a customer, and the staff who moderate."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from chatsite.realtime import broadcast
from chatsite.realtime.hub import Addressed
from conversations import operations
from conversations.models import Business, ChatMessage, Conversation, Membership
from conversations.requests import SendBody


@dataclass
class Shop:
    """Carol has talked to olivia of the shop. mona moderates, sam may only read, and root may do everything."""

    business: Business = field(init=False)
    conversation: Conversation = field(init=False)

    def __post_init__(self) -> None:
        self.olivia, self.amir, self.carol, self.outsider = (
            User.objects.create(username=name, first_name=name.title())
            for name in ("olivia", "amir", "carol", "otto")
        )
        self.mona = self._staff("mona", "moderator")
        self.sam = self._staff("sam", "support")
        self.root = User.objects.create(username="root", is_staff=True, is_superuser=True)
        self.business = Business.objects.create(name="Shop", slug="shop")
        Membership.objects.create(business=self.business, user=self.olivia, role=Membership.Role.OWNER)
        Membership.objects.create(business=self.business, user=self.amir)
        self.conversation = Conversation.objects.create(business=self.business, customer=self.carol)

    @staticmethod
    def _staff(name: str, group: str) -> User:
        user = User.objects.create(username=name, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        return user

    def say(self, sender: User, content: str = "hello") -> ChatMessage:
        sent = operations.send_message(
            sender_id=sender.pk, conversation_id=self.conversation.pk, body=SendBody(content=content)
        )
        return ChatMessage.objects.get(pk=sent.message.id)

    def head(self) -> Conversation:
        return Conversation.objects.get(pk=self.conversation.pk)


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Render pages without `collectstatic` and without redirects to TLS."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def groups(db: None) -> None:
    """Create the groups of the migration again, because tests of other folders may have emptied the tables."""
    importlib.import_module("conversations.migrations.0003_moderation_groups").make_groups(apps, None)


@pytest.fixture
def shop(groups: None) -> Shop:
    return Shop()


@pytest.fixture
def desk(shop: Shop) -> Client:
    """Return mona's browser."""
    client = Client()
    client.force_login(shop.mona)
    return client


class Wire:
    """The events that were sent after each commit."""

    def __init__(self, events: list[Addressed], capture: DjangoCaptureOnCommitCallbacks) -> None:
        self.events = events
        self.commits = capture

    @property
    def names(self) -> list[str]:
        return [event.name for _, event in self.events]


@pytest.fixture
def wire(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Wire:
    events: list[Addressed] = []
    monkeypatch.setattr(broadcast, "broadcast", events.extend)
    return Wire(events, django_capture_on_commit_callbacks)
