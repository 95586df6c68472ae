"""Which live sockets have lost their credentials."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chatsite.identity import operations
from chatsite.identity.tokens import by_cookie, ended
from chatsite.realtime.identity import Identity
from tests.identity.conftest import PASSWORD, by_token


def signed_in(name: str) -> tuple[Identity, Identity]:
    """Return a new user's identities, by token and by cookie."""
    user = User.objects.filter(username=name).first() or User.objects.create_user(name, password=PASSWORD)
    client = Client()
    client.force_login(user)
    cookie = by_cookie(f"sessionid={client.session.session_key}")
    assert cookie is not None
    return by_token(operations.open_login(user_id=str(user.pk)).access), cookie


def test_nobody_at_first(db: None) -> None:
    identities = [identity for name in ("a", "b", "c") for identity in signed_in(name)]
    assert ended(identities) == set()
    assert ended([]) == set()


def test_deleted_and_inactive_users(db: None) -> None:
    gone, inactive, stays = signed_in("gone"), signed_in("inactive"), signed_in("stays")
    User.objects.get(username="gone").delete()
    User.objects.filter(username="inactive").update(is_active=False)
    assert ended([*gone, *inactive, *stays]) == {*gone, *inactive}


def test_one_login_of_two(carol: User) -> None:
    pairs = [operations.open_login(user_id=str(carol.pk)) for _ in range(2)]
    first, second = (by_token(pair.access) for pair in pairs)
    operations.end_login(refresh=pairs[0].refresh)
    assert ended([first, second]) == {first}


def test_a_session_of_somebody_else(db: None) -> None:
    User.objects.bulk_create(User(username=name, password="the same hash") for name in ("mine", "other"))
    (_, mine), (_, other) = signed_in("mine"), signed_in("other")
    stolen = Identity(other.user_id, "", None, "cookie", mine.session_key)
    assert ended([mine, other, stolen]) == {stolen}


def test_an_id_that_is_no_key(db: None) -> None:
    odd = Identity("not a number", str(uuid4()), None)
    assert ended([odd]) == {odd}


@pytest.mark.parametrize("users", [1, 40])
def test_the_number_of_queries_does_not_grow(
    db: None, users: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    identities = [identity for number in range(users) for identity in signed_in(f"user{number}")]
    with django_assert_num_queries(4):
        assert ended(identities) == set()


def test_two_queries_do_where_nobody_came_by_cookie(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    identities = [signed_in(f"user{number}")[0] for number in range(20)]
    with django_assert_num_queries(2):
        assert ended(identities) == set()
