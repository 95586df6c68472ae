"""The title, the filter and the bell say at most "99+"."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from conversations.serializers import UnreadAnswer
from tests.conversations.people import person

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
