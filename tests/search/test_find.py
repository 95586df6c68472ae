"""`GET /chat/search` finds what the reader may see at that moment, newest first, on either database."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import operations
from conversations.models import ChatMessage, Membership
from conversations.moderation import erasure
from conversations.moderation import operations as moderation
from conversations.search import newest
from tests.conversations.people import business, client_of, conversation, person, say
from tests.search.table import FINDS, MISSES

pytestmark = pytest.mark.django_db


def search(reader: User, q: str = "", **filters: str) -> dict[str, Any]:
    answer = client_of(reader).get("/chat/search", {"q": q, **filters} if q else filters)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def contents(reader: User, q: str = "", **filters: str) -> list[str]:
    return [found["message"]["content"] for found in search(reader, q, **filters)["results"]]


def refusal(reader: User, **query: str) -> str:
    answer = client_of(reader).get("/chat/search", query)
    assert answer.status_code == 400, answer.content
    return str(answer.json()["error"]["details"]["field"])


def last_message() -> ChatMessage:
    return ChatMessage.objects.latest("created_at", "seq")


# On PostgreSQL a search compares the newest messages, then more of them, or it asks the index of words.
WAYS = {"as it comes": {}, "by index": {"WINDOW": 1, "FEW": 1000}, "wider": {"WINDOW": 1, "FEW": 1}}


@pytest.fixture(params=WAYS if connection.vendor == "postgresql" else ["as it comes"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(newest, name, value)


@pytest.mark.usefixtures("way")
def test_the_table_of_queries_holds_in_the_database() -> None:
    member, customer = person(), person()
    where = conversation(business(member), customer)
    say(where, customer, sorted({text for _, text in FINDS + MISSES}))
    wrong = [row for row in FINDS if row[1] not in contents(member, row[0], limit="200")]
    wrong += [row for row in MISSES if row[1] in contents(member, row[0], limit="200")]
    assert wrong == []


def test_both_sides_find_and_others_do_not() -> None:
    member, customer, stranger = person(), person(), person()
    where = conversation(business(member), customer)
    say(where, customer, ["Where is the bicycle?"])
    say(where, member, ["The bicycle is ready."])
    assert contents(member, "bicycle") == ["The bicycle is ready.", "Where is the bicycle?"]
    assert contents(customer, "bicycle") == ["The bicycle is ready.", "Where is the bicycle?"]
    assert contents(stranger, "bicycle") == []


def test_an_answer_has_the_message_the_conversation_and_highlights() -> None:
    member, customer = person(), person("carol")
    where = conversation(business(member), customer)
    say(where, customer, ["A red bicycle, please"])
    (found,) = search(member, "bicy red")["results"]
    assert found["message"]["seq"] == 1
    assert found["conversation"]["id"] == str(where.pk)
    assert found["conversation"]["unreadCount"] == 1
    assert found["highlights"] == [[2, 5], [6, 10]]


def test_an_ex_member_finds_nothing_at_once() -> None:
    member, customer = person(), person()
    where = conversation(business(member), customer)
    say(where, customer, ["secret plans"])
    assert contents(member, "secret") == ["secret plans"]
    Membership.objects.filter(user=member).delete()
    assert contents(member, "secret") == []


def test_an_edit_moves_a_message_to_its_new_words() -> None:
    member, customer = person(), person()
    say(conversation(business(member), customer), customer, ["old words"])
    operations.edit_message(user_id=customer.pk, message_id=last_message().pk, content="new words")
    assert contents(member, "old") == []
    assert contents(member, "new") == ["new words"]


def test_deleted_and_hidden_messages_are_not_found() -> None:
    member, customer = person(), person()
    where = conversation(business(member), customer)
    say(where, customer, ["first bicycle", "second bicycle"])
    first, second = ChatMessage.objects.order_by("seq")
    operations.delete_message(user_id=customer.pk, message_id=first.pk)
    assert contents(member, "bicycle") == ["second bicycle"]
    moderation.hide_message(actor=None, message_id=second.pk, reason="x")
    assert contents(member, "bicycle") == contents(customer, "bicycle") == []
    moderation.restore_message(actor=None, message_id=second.pk, reason="y")
    assert contents(member, "bicycle") == ["second bicycle"]


def test_messages_of_an_erased_person_are_not_found() -> None:
    member, customer = person(), person()
    say(conversation(business(member), customer), customer, ["my private address"])
    erasure.erase_person(actor=None, user_id=customer.pk, reason="asked for")
    assert contents(member, "private") == []


@pytest.mark.usefixtures("way")
def test_pages_hold_every_result_once() -> None:
    member, customer = person(), person()
    shop = business(member)
    for one in (conversation(shop, customer), conversation(shop)):
        say(one, member, [f"bicycle {number}" for number in range(4)])
    seen: list[str] = []
    address: str | None = "/chat/search?q=bicycle&limit=3"
    while address:
        body = client_of(member).get(address).json()
        seen += [found["message"]["id"] for found in body["results"]]
        address = body["next"]
    times = list(ChatMessage.objects.filter(pk__in=seen).values_list("created_at", flat=True))
    assert len(seen) == len(set(seen)) == len(times) == 8


def test_a_row_whose_message_is_gone_is_passed_over() -> None:
    member, customer = person(), person()
    say(conversation(business(member), customer), customer, [f"bicycle {number}" for number in range(3)])
    with connection.cursor() as cursor:  # as a query without the index would
        cursor.execute("DELETE FROM conversations_chatmessage WHERE content = 'bicycle 1'")
    seen: list[str] = []
    address: str | None = "/chat/search?q=bicycle&limit=1"
    while address:
        body = client_of(member).get(address).json()
        seen += [found["message"]["content"] for found in body["results"]]
        address = body["next"]
    assert seen == ["bicycle 2", "bicycle 0"]


@pytest.mark.usefixtures("way")
def test_filters_narrow_the_results() -> None:
    member, customer = person(), person()
    shop, other_shop = business(member), business(member)
    where, elsewhere = conversation(shop, customer), conversation(other_shop, customer)
    say(where, customer, ["bicycle https://example.com/a"])
    say(elsewhere, member, ["bicycle two"])
    here, there = "bicycle https://example.com/a", "bicycle two"
    assert contents(member, "bicycle") == [there, here]
    assert contents(member, "bicycle", conversationId=str(where.pk)) == [here]
    assert contents(member, "bicycle", businessId=str(other_shop.pk)) == [there]
    assert contents(member, "bicycle", senderId=str(member.pk)) == [there]
    assert contents(member, "bicycle", has="link") == [here]
    assert contents(member, has="link") == [here]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert contents(member, "bicycle", **{"from": tomorrow.isoformat()}) == []
    assert contents(member, "bicycle", to=tomorrow.date().isoformat()) == [there, here]
    assert contents(member, "bicycle", **{"from": "2020-01-01", "to": "2020-12-31"}) == []


def cursor_at(time: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([time, str(uuid4())]).encode()).decode().rstrip("=")


def test_bad_input_is_invalid() -> None:
    reader = person()
    assert refusal(reader) == "q"
    assert refusal(reader, q="  ") == "q"
    assert refusal(reader, q="a", has="nothing") == "has"
    assert refusal(reader, q="a", to="9999-12-31T23:59:59-14:00") == "to"
    assert refusal(reader, **{"q": "a", "from": "yesterday"}) == "from"
    for cursor in ("x", "W10", "WyIyMDI2LTAxLTAxIiwgMV0", cursor_at("9999-12-31T23:59:59-14:00")):
        assert refusal(reader, q="a", cursor=cursor) == "cursor"


@pytest.mark.parametrize(
    "q", ["\x00", "a\x00b", "%", "'", '"', "\\", "a'b", "😀" * 300, "a " * 300, "x" * 5000]
)
def test_any_text_can_be_searched_for(q: str) -> None:
    search(person(), q)


def test_a_search_runs_a_fixed_number_of_statements() -> None:
    member, customer = person(), person()
    where = conversation(business(member), customer)
    say(where, customer, ["bicycle"] * 3)
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert len(contents(member, "bicycle")) == 3
    say(where, customer, ["bicycle"] * 10)
    with CaptureQueriesContext(connection) as many:
        assert len(contents(member, "bicycle")) == 13
    assert len(few) == len(many) <= 7


if connection.vendor == "postgresql":

    @pytest.mark.usefixtures("way")
    def test_no_plan_reads_the_whole_table() -> None:
        member, customer = person(), person()
        say(conversation(business(member), customer), customer, ["bicycle"])
        with CaptureQueriesContext(connection) as asked:
            contents(member, 'bicycle "red bicycle"')
            contents(customer, "bicycle")
        statements = [query["sql"] for query in asked if "indexedmessage" in query["sql"]]
        assert statements
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL enable_seqscan = off"
            )  # the tables are small: only what must be read whole is
            for statement in statements:
                cursor.execute(f"EXPLAIN {statement}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
                assert "Seq Scan" not in plan, plan

    def test_a_filter_that_leaves_few_asks_for_no_frequent_word(monkeypatch: pytest.MonkeyPatch) -> None:
        """The index of words would read the messages of all businesses with this word."""
        monkeypatch.setattr(newest, "WINDOW", 20)
        member, customer = person(), person()
        where = conversation(business(member), customer)
        say(where, member, ["the first"])
        say(where, customer, [f"the bicycle {number}" for number in range(30)])
        with CaptureQueriesContext(connection) as queries:
            assert contents(member, "the", senderId=str(member.pk)) == ["the first"]
        assert not any("MATERIALIZED" in query["sql"] for query in queries)
        with CaptureQueriesContext(connection) as queries:
            assert contents(member, "first") == ["the first"]
        assert any("MATERIALIZED" in query["sql"] for query in queries)
