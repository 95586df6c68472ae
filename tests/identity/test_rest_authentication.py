"""The Authorization header of REST requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from chatsite.identity import operations
from chatsite.identity.authentication import TokenAuthentication
from chatsite.identity.claims import Claims
from chatsite.identity.operations import TokenPair
from tests.identity.conftest import PASSWORD, Forge, in_the_past

RequestWith = Callable[[str], Request]


@pytest.fixture
def request_with() -> RequestWith:
    return lambda header: Request(APIRequestFactory().get("/", headers={"Authorization": header}))


def test_user_state_and_login_take_two_queries(
    carol: User,
    login: TokenPair,
    request_with: RequestWith,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        found = TokenAuthentication().authenticate(request_with(f"Bearer {login.access}"))
    assert found is not None
    assert found[0] == carol
    assert isinstance(found[1], Claims)


def test_a_bad_token_takes_no_query(
    db: None, request_with: RequestWith, api: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = api.get("/auth/me", headers={"Authorization": "Bearer a.b.c"})
    assert response.status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_in_any_case(login: TokenPair, api: APIClient, scheme: str) -> None:
    assert api.get("/auth/me", headers={"Authorization": f"{scheme}   {login.access} "}).status_code == 200


@pytest.mark.parametrize("header", ["", "Basic Y2Fyb2w6eA==", "Token abc", "abc"])
def test_other_schemes_are_not_ours(request_with: RequestWith, header: str) -> None:
    assert TokenAuthentication().authenticate(request_with(header)) is None


def assert_unauthenticated(client: APIClient, token: str) -> None:
    response = client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert response.json().keys() == {"error"}
    assert response.json()["error"].keys() == {"code", "message"}
    assert response.json()["error"]["code"] == "unauthenticated"
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "a", "a b", "a.b.c", "\xff.\xff.\xff", "a" * 10_000])
def test_garbage_has_the_one_error_shape(db: None, api: APIClient, token: str) -> None:
    assert_unauthenticated(api, token)


def test_every_kind_of_dead_token_has_it_too(
    carol: User, login: TokenPair, api: APIClient, forge: Forge
) -> None:
    ended = operations.open_login(user_id=str(carol.pk))
    operations.end_login(refresh=ended.refresh)
    for token in (forge(exp=in_the_past()), login.refresh, ended.access, forge(user_id="0")):
        assert_unauthenticated(api, token)
    User.objects.filter(pk=carol.pk).update(is_active=False)
    assert_unauthenticated(api, login.access)


def test_no_credentials_at_all(db: None, api: APIClient) -> None:
    response = api.get("/auth/me")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")


def test_a_browser_with_a_bad_token_gets_a_page(db: None, api: APIClient) -> None:
    response = api.get("/auth/me", headers={"Authorization": "Bearer a.b.c", "Accept": "text/html"})
    assert response.status_code == 401
    assert "unauthenticated" in response.content.decode()


def test_a_bad_token_is_refused_even_with_a_valid_cookie(carol: User, api: APIClient) -> None:
    assert api.login(username="carol", password=PASSWORD)
    assert api.get("/auth/me").status_code == 200
    assert_unauthenticated(api, "a.b.c")
