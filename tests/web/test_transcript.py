"""The server's page of a conversation has the same groups, days and names as the live view."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from chatsite.config.limits import Limits
from chatsite.web.templatetags.web_thread import json_block
from chatsite.web.thread import thread_context
from conversations import operations
from conversations.models import Business, ChatMessage, Conversation, Membership
from conversations.requests import SendBody

pytestmark = pytest.mark.django_db(transaction=True)


def make_conversation() -> tuple[User, User, Conversation]:
    carol = get_user_model().objects.create_user("carol", first_name="Carol", last_name="Jensen")
    olivia = get_user_model().objects.create_user("olivia", first_name="Olivia", last_name="Brand")
    business = Business.objects.create(name="Northwind Cycles", slug="northwind")
    Membership.objects.create(business=business, user=olivia, role="owner")
    opened, _, _ = operations.open_conversation(user_id=carol.pk, business_id=str(business.pk))
    return carol, olivia, opened


def say(who: User, where: Conversation, content: str, *, ago: timedelta = timedelta(), **more: Any) -> str:
    sent = operations.send_message(
        sender_id=who.pk, conversation_id=where.pk, body=SendBody(content=content, **more)
    )
    moment = timezone.now() - ago
    ChatMessage.objects.filter(pk=sent.message.id).update(created_at=moment)
    return str(sent.message.id)


def shown(reader: User, where: Conversation, address: str = "/") -> dict[str, Any]:
    loaded = Conversation.objects.select_related("business", "customer").get(pk=where.pk)
    side = "customer" if reader.pk == loaded.customer_id else "business"
    return thread_context(reader, loaded, side, RequestFactory().get(address))


def test_days_groups_names_and_quotes() -> None:
    carol, olivia, where = make_conversation()
    asked = say(carol, where, "Is it  blue?\nReally?", ago=timedelta(days=2))
    say(carol, where, "I mean the bike", ago=timedelta(days=2))
    say(olivia, where, "It is", reply_to=asked)
    rows = shown(olivia, where)["rows"]
    assert [row.day is not None for row in rows] == [True, False, True]
    assert [(row.first, row.last) for row in rows] == [(True, False), (False, True), (True, True)]
    assert [row.name for row in rows] == ["Carol Jensen", "Carol Jensen", "You"]
    assert [(row.mine, row.ours) for row in rows] == [(False, False), (False, False), (True, True)]
    assert (rows[2].quote, rows[2].quote_name) == ("Is it blue? Really?", "Carol Jensen")
    theirs = shown(carol, where)
    assert theirs["other_name"] == "Northwind Cycles"
    assert [row.names for row in theirs["rows"]] == [False, False, True]


def test_showing_delivers_and_older_pages_are_in_reach() -> None:
    carol, olivia, where = make_conversation()
    for number in range(55):
        say(carol, where, f"Message {number}")
    newest = shown(olivia, where)
    assert [row.message.status for row in newest["rows"]] == ["delivered"] * 50
    assert newest["older_than"] == 6
    older = shown(olivia, where, "/?before=6")
    assert [row.message.seq for row in older["rows"]] == [1, 2, 3, 4, 5]
    assert (older["older_than"], older["is_newest"], older["seed"]) == (None, False, None)
    assert len(shown(olivia, where, "/?before=nonsense")["rows"]) == 50


def test_strangers_see_nothing() -> None:
    _, _, where = make_conversation()
    stranger = get_user_model().objects.create_user("stranger")
    browser = Client()
    browser.force_login(stranger)
    for path in ("", "thread/", "print/"):
        assert browser.get(f"/app/c/{where.pk}/{path}").status_code == 404


def test_the_initial_data_equals_rest_and_cannot_end_its_element() -> None:
    carol, _, where = make_conversation()
    hostile = "</script><script>alert(1)</script><!-- &amp; \u2028"
    say(carol, where, hostile)
    block = json_block(shown(carol, where)["seed"])
    assert block.count("<") == block.count(">") == 2
    seed = json.loads(block.partition(">")[2].removesuffix("</script>"))
    assert seed["messages"][0]["content"] == hostile
    assert seed["messages"][0]["createdAt"].endswith("Z")
    assert [person["side"] for person in seed["people"]] == ["customer", "business"]
    assert (seed["conversation"]["lastSeq"], seed["hasOlder"], seed["limit"]) == (
        1,
        False,
        Limits.message_length,
    )
