"""The title and the filter count unread conversations without muted ones; they and the bell say at most "99+"."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from conversations.own_state.operations import arrange_conversation
from conversations.serializers import UnreadAnswer
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("count", "shown"), [(99, "99"), (100, "99+"), (1_824, "99+")])
def test_the_count_of_unread_conversations_is_capped(
    count: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count_unread(*_: Any) -> UnreadAnswer:
        return UnreadAnswer(total=count * 3, conversations={UUID(int=number): 3 for number in range(count)})

    monkeypatch.setattr("chatsite.web.inbox.count_unread", count_unread)
    client = Client()
    client.force_login(person())
    text = client.get("/app/").content.decode()
    assert f"<title>({shown}) " in text
    assert f"data-unread-total>{shown}<" in text


@pytest.mark.parametrize(("count", "shown"), [(99, "99"), (100, "99+")])
def test_the_count_on_the_bell_is_capped(count: int, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unread = SimpleNamespace(total=count)
    monkeypatch.setattr("chatsite.web.inbox.notification_queries.unread", lambda _: unread)
    client = Client()
    client.force_login(person())
    assert f"data-bell-count>{shown}<" in client.get("/app/").content.decode()


def test_muted_conversations_do_not_count() -> None:
    customer = person()
    owners = [person(), person()]
    muted, other = [conversation(business(owner), customer) for owner in owners]
    for owner, where in zip(owners, (muted, other), strict=True):
        say(where, owner, ["Hello", "Are you there?"])
    hour = timezone.now() + timedelta(hours=1)
    arrange_conversation(user_id=customer.pk, conversation_id=muted.pk, muted_until=hour)
    client = Client()
    client.force_login(customer)
    text = client.get("/app/").content.decode()
    assert "<title>(1) " in text
    assert "data-unread-total>1<" in text
