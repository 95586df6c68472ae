"""The first load of the page asks the database little, however many conversations and messages there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.models import Business, Conversation, Membership
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db


def queries_of(user: Any, path: str) -> int:
    browser = Client()
    browser.force_login(user)
    browser.get(path)  # marks messages as delivered, and the process knows these people now
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get(path).status_code == 200
    return len(queries)


def talk_in(shop: Business, customer: Any, member: Any, lines: int) -> Conversation:
    talk = conversation(shop, customer)
    say(talk, customer, [f"question {n}" for n in range(lines)])
    say(talk, member, [f"answer {n}" for n in range(lines)])
    return talk


def lines_of_each(rows: int, lines: int) -> list[int]:
    """Return the number of lines of each conversation: the first one, which the pages show, has all of them."""
    return [lines, *[1] * (rows - 1)]


def pages_of(user: Any, talk: Conversation) -> dict[str, int]:
    return {
        "list": queries_of(user, "/app/"),
        "conversation": queries_of(user, f"/app/c/{talk.pk}/"),
        "conversation alone": queries_of(user, f"/app/c/{talk.pk}/thread/"),
    }


def agent_with(rows: int, lines: int) -> dict[str, int]:
    owner, agent = person(), person()
    shop = business(owner)
    Membership.objects.create(business=shop, user=agent)
    opened, *_ = [talk_in(shop, person(), owner, number) for number in lines_of_each(rows, lines)]
    return pages_of(agent, opened)


def customer_with(rows: int, lines: int) -> dict[str, int]:
    customer, owner = person(), person()
    opened, *_ = [talk_in(business(owner), customer, owner, number) for number in lines_of_each(rows, lines)]
    return pages_of(customer, opened)


def test_of_an_agent() -> None:
    few = agent_with(1, 1)
    assert agent_with(20, 30) == few
    assert few == {"list": 22, "conversation": 29, "conversation alone": 9}


def test_of_a_customer() -> None:
    few = customer_with(1, 1)
    assert customer_with(20, 30) == few
    assert few == {"list": 11, "conversation": 17, "conversation alone": 8}
