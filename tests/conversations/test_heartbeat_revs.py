"""The latest `seq` and `rev` of conversations, for the heartbeats of many sockets at once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from chatsite.errors import DomainError
from conversations import access, queries, sync
from conversations.models import Side
from tests.conversations.people import business, conversation, person


def test_heartbeats_of_many_are_three_queries(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first, second = person(), person()
    mine, other = conversation(business(person()), first), conversation(business(person()), second)
    asked = [(first.pk, [mine.pk]), (second.pk, [other.pk, mine.pk]), (first.pk, [])]
    with django_assert_num_queries(3):
        answers = sync.heartbeat_answers_for(asked)
    assert [set(answer["conversations"]) for answer in answers] == [{mine.pk}, {other.pk, mine.pk}, set()]
    assert [answer["notificationsRev"] for answer in answers] == [0, 0, 0]


def test_more_than_a_statement_can_name(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_BATCH", 2)
    shop = business(person())
    keys = [conversation(shop, person()).pk for _ in range(5)]
    assert set(queries.latest_revisions(keys)) == set(keys)


def test_checking_a_join_takes_two_queries(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    member, customer, suspended, stranger = (person() for _ in range(4))
    found = conversation(business(member, suspended), customer)
    type(suspended).objects.filter(pk=suspended.pk).update(is_active=False)
    asked = [(one.pk, found.pk) for one in (member, customer, suspended, stranger)]
    with django_assert_num_queries(2):
        answers = access.sides_in([*asked, (member.pk, uuid4())])
    said = [one.code if isinstance(one, DomainError) else one[1] for one in answers]
    assert said == [Side.BUSINESS, Side.CUSTOMER, "unauthenticated", "not_found", "not_found"]
    for user_id, key in asked[2:]:
        with pytest.raises(DomainError) as refusal:
            access.find_conversation(user_id, key)
        assert refusal.value.code in said[2:4]
