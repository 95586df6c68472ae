"""However many messages somebody has not read, a worker loads only those that a mail or a push shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from conversations.blocks.operations import block_user
from conversations.models import ChatMessage, Conversation
from notifications.delivery.escalation_check import check_due
from notifications.delivery.mail import sending
from notifications.delivery.mail.composing import QUOTED_BEFORE, SHOWN
from notifications.delivery.models import BusinessNotificationSettings
from tests.away.conftest import Shop
from tests.away.post_office import PushService

MANY = SHOWN + 10
TEN_MINUTES = 601


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The contents of the messages that are read from the database, once the test has cleared it."""
    found: list[str] = []
    from_db = ChatMessage.from_db.__func__  # type: ignore[attr-defined]  # of a class method

    def noting(cls: Any, *args: Any, **kwargs: Any) -> Any:
        row = from_db(cls, *args, **kwargs)
        found.append(row.content)
        return row

    monkeypatch.setattr(ChatMessage, "from_db", classmethod(noting))
    return found


def say_many(shop: Shop, number: int = MANY) -> None:
    for one in range(number):
        shop.say(shop.carol, f"Line {one}.")


def test_a_check_loads_no_message(shop: Shop, loaded: list[str]) -> None:
    say_many(shop)
    shop.clock.pass_seconds(TEN_MINUTES)
    loaded.clear()
    check_due(shop.clock.now)
    assert loaded == []
    shop.run_jobs()
    assert sorted(address for made in mail.outbox for address in made.to) == [
        "amir@mail.example",
        "olivia@mail.example",
    ]


def test_a_mail_loads_what_it_shows_and_counts_the_rest(shop: Shop, loaded: list[str]) -> None:
    say_many(shop)
    shop.clock.pass_seconds(TEN_MINUTES)
    check_due(shop.clock.now)
    loaded.clear()
    shop.run_jobs()
    assert len(loaded) <= len(mail.outbox) * (SHOWN + QUOTED_BEFORE)
    body = str(mail.outbox[0].body)
    assert "10 earlier unread messages are not shown." in body
    assert f"Line {MANY - 1}." in body
    assert "Line 10." in body
    assert "Line 6." not in body


def test_a_mail_loads_nothing_of_conversations_that_it_only_counts(
    shop: Shop, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SECTIONS", 1)
    dora = shop.person("dora")
    other = Conversation.objects.create(business=shop.business, customer=dora)
    shop.say(shop.carol, "From Carol")
    last = shop.say(dora, "From Dora", other)
    shop.clock.pass_seconds(TEN_MINUTES)
    check_due(shop.clock.now)
    loaded.clear()
    shop.run_jobs()
    assert set(loaded) == {"From Dora"}
    assert "1 more conversation has unread messages." in mail.outbox[0].body
    shop.pass_seconds(TEN_MINUTES)
    assert len(mail.outbox) == 2, "a second mail tells of the conversation that the first one counted"
    assert last.seq == 1


def test_a_push_loads_one_message_and_counts_the_others(
    shop: Shop, push_service: PushService, loaded: list[str]
) -> None:
    browser = shop.subscribed(shop.olivia, push_service)
    say_many(shop, 12)
    shop.clock.pass_seconds(11)
    loaded.clear()
    shop.work()
    assert [push["body"] for push in push_service.pushes(browser)] == ["Line 11."]
    assert loaded == ["Line 11."]
    BusinessNotificationSettings.objects.create(business=shop.business, push_content=False)
    shop.say(shop.carol, "One more")
    shop.pass_seconds(11)
    assert push_service.pushes(browser)[-1]["body"] == "13 new messages"


def test_members_who_were_told_of_different_messages_get_what_they_lack(
    shop: Shop, push_service: PushService
) -> None:
    olivia, amir = (shop.subscribed(user, push_service) for user in (shop.olivia, shop.amir))
    shop.looks_at_a_screen(shop.amir)
    shop.say(shop.carol, "One")
    shop.pass_seconds(11)
    shop.say(shop.carol, "Two")
    shop.pass_seconds(31)
    from django.core.cache import cache

    cache.clear()  # Amir has gone
    shop.pass_seconds(31)
    shop.pass_seconds(31)
    assert [push["body"] for push in push_service.pushes(olivia)] == ["One", "Two"]
    assert [push["body"] for push in push_service.pushes(amir)] == ["Two"]


def test_messages_of_somebody_who_was_blocked_are_neither_shown_nor_counted(shop: Shop) -> None:
    for number in range(SHOWN + 2):
        shop.say(shop.amir, f"Buy now {number}!")
        shop.say(shop.olivia, f"Never mind {number}")
    block_user(user_id=shop.carol.pk, blocked_id=str(shop.amir.pk))
    shop.pass_seconds(TEN_MINUTES)
    [made] = mail.outbox
    assert "Buy now" not in made.body
    assert f"Never mind {SHOWN + 1}" in made.body
    assert "2 earlier unread messages are not shown." in made.body
