"""How far conversations have come, for the heartbeats of many sockets at once."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from conversations import queries, sync
from tests.conversations.people import business, conversation, person


def test_heartbeats_of_many_are_two_queries(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first, second = person(), person()
    mine, other = conversation(business(person()), first), conversation(business(person()), second)
    asked = [(first.pk, [mine.pk]), (second.pk, [other.pk, mine.pk]), (first.pk, [])]
    with django_assert_num_queries(2):
        answers = sync.heads_of(asked)
    assert [set(answer["conversations"]) for answer in answers] == [{mine.pk}, {other.pk, mine.pk}, set()]
    assert [answer["notificationsRev"] for answer in answers] == [0, 0, 0]


def test_more_than_a_statement_can_name(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_BATCH", 2)
    shop = business(person())
    keys = [conversation(shop, person()).pk for _ in range(5)]
    assert set(queries.heads(keys)) == set(keys)
