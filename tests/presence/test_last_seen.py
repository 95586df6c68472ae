"""The time in the database only moves forward, and one statement updates all users of a round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from presence.models import LastSeen
from presence.operations import record_last_seen

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def users() -> list[User]:
    return [User.objects.create(username=f"user {number}") for number in range(3)]


def recorded() -> dict[str, datetime]:
    rows: Any = LastSeen.objects.values_list("user_id", "at")
    return {str(user_id): at for user_id, at in rows}


def test_all_of_a_round_are_written_together(
    users: list[User], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    seen = {str(user.pk): AT + timedelta(seconds=user.pk) for user in users}
    with django_assert_num_queries(2):
        record_last_seen(seen=seen)
    assert recorded() == seen


def test_it_moves_forward_and_never_back(users: list[User]) -> None:
    early, late = str(users[0].pk), str(users[1].pk)
    record_last_seen(seen={early: AT, late: AT})
    record_last_seen(seen={early: AT - timedelta(microseconds=1), late: AT + timedelta(microseconds=1)})
    assert recorded() == {early: AT, late: AT + timedelta(microseconds=1)}


def test_deleted_users_are_left_out(users: list[User]) -> None:
    gone, here = str(users[0].pk), str(users[1].pk)
    users[0].delete()
    record_last_seen(seen={gone: AT, here: AT})
    assert recorded() == {here: AT}
    record_last_seen(seen={gone: AT})
    record_last_seen(seen={})


def test_it_goes_with_its_user(users: list[User]) -> None:
    record_last_seen(seen={str(users[0].pk): AT})
    users[0].delete()
    assert recorded() == {}
