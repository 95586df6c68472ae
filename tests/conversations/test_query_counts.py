"""The number of queries for a page does not depend on the number of rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import sync
from conversations.models import Conversation
from conversations.writing.conversation_sql import lock_conversations
from conversations.writing.requests import Receipt, Send
from conversations.writing.write_batch import write
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db


def queries_of(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call()
    return len(captured)


def test_the_list() -> None:
    counts = []
    for many in (1, 40):
        member = person()
        shop = business(member)
        for _ in range(many):
            conversation(shop)
        client = client_of(member)
        # From here on, the process knows these people.
        assert len(client.get("/chat/conversations").json()["results"]) == many
        counts.append(queries_of(partial(client.get, "/chat/conversations")))
    assert counts == [4, 4]


def test_the_list_of_a_member_of_many_businesses() -> None:
    member = person()
    for _ in range(12):
        conversation(business(member))
    client = client_of(member)
    client.get("/chat/conversations")  # the process knows these people now
    assert queries_of(lambda: client.get("/chat/conversations")) == 4


def test_the_history() -> None:
    customer, member = person(), person()
    talk = conversation(business(member), customer)
    client = client_of(customer)
    say(talk, customer, ["one"])
    few = queries_of(lambda: client.get(f"/chat/conversations/{talk.pk}/messages"))
    say(talk, customer, [f"m{n}" for n in range(60)])
    assert queries_of(lambda: client.get(f"/chat/conversations/{talk.pk}/messages")) == few == 3


def test_the_history_and_its_deliveries() -> None:
    counts = []
    for many in (1, 60):
        customer, member = person(), person()
        talk = conversation(business(member), customer)
        say(talk, member, [f"m{n}" for n in range(many)])
        read = partial(client_of(customer).get, f"/chat/conversations/{talk.pk}/messages")
        counts.append(queries_of(read))
    assert counts[0] == counts[1] == 12  # one of them reads the page again, with its receipts


def test_the_unread_count() -> None:
    counts = []
    for many in (1, 30):
        member = person()
        shop = business(member)
        for _ in range(many):
            talk = conversation(shop)
            say(talk, talk.customer, ["hello"])
        client = client_of(member)
        counts.append(queries_of(partial(client.get, "/chat/unread-count")))
    assert counts == [4, 4]


def synchronise(user: Any, *talks: Conversation) -> Callable[[], Any]:
    data = sync.SyncCommand(conversations={str(talk.pk): 0 for talk in talks})
    return lambda: sync.synchronise(user.pk, data)


def test_a_sync_costs_one_query_for_each_conversation_that_changed() -> None:
    customer, member = person(), person()
    shop = business(member)
    talks = [conversation(shop) for _ in range(12)]
    for talk in talks[:6]:
        say(talk, member, [f"m{n}" for n in range(20)])
    one = queries_of(synchronise(member, talks[0]))
    assert queries_of(synchronise(member, *talks[:6])) == one + 5
    assert queries_of(synchronise(member, *talks)) == one + 5
    assert queries_of(synchronise(customer, *talks)) <= one


def sends(talks: list[Conversation], sender: Any, many: int, word: str) -> list[Any]:
    return [Send(talks[n % len(talks)].pk, sender.pk, "hello", client_id=f"{word}-{n}") for n in range(many)]


@pytest.mark.parametrize("rooms", [1, 10])
def test_a_batch_costs_the_same_for_one_send_and_for_a_hundred(rooms: int) -> None:
    member = person()
    shop = business(member)
    talks = [conversation(shop) for _ in range(rooms)]
    write(sends(talks, member, rooms, "first"))  # now the businesses and customers are cached
    one = queries_of(lambda: write(sends(talks, member, 1, "one")))
    hundred = queries_of(lambda: write(sends(talks, member, 100, "hundred")))
    again = queries_of(lambda: write(sends(talks, member, 100, "hundred")))
    if connection.vendor == "postgresql":
        assert hundred == one
    else:  # SQLite accepts fewer parameters per statement, so the insert has several parts
        assert hundred <= one + 3
    assert again < hundred
    assert one <= 9


def test_receipts_of_many_messages_cost_the_same_as_one() -> None:
    customer, member = person(), person()
    talk = conversation(business(member), customer)
    counts = []
    for many in (1, 50):
        say(talk, member, [f"m{n}" for n in range(many)])
        receipt = Receipt(talk.pk, customer.pk, "read", None)
        counts.append(queries_of(partial(write, [receipt])))
    if connection.vendor == "postgresql":
        assert counts[0] == counts[1]
    assert lock_conversations([talk.pk])[talk.pk].customer_unread == 0
