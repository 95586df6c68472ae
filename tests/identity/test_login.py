"""POST /auth/token."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.identity.conftest import PASSWORD, contents


def test_a_login_answers_two_tokens_of_one_login(api: APIClient, carol: User) -> None:
    response = api.post("/auth/token", {"username": "carol", "password": PASSWORD}, format="json")

    assert response.status_code == 200
    assert response.json().keys() == {"access", "refresh"}
    assert response["Cache-Control"] == "no-store"
    access, refresh = contents(response.json()["access"]), contents(response.json()["refresh"])
    assert access["login"] == refresh["login"]
    assert access["user_id"] == str(carol.pk)
    assert (access["token_type"], refresh["token_type"]) == ("access", "refresh")
    assert access["jti"] != refresh["jti"]


def test_two_logins_have_two_ids(api: APIClient, carol: User) -> None:
    credentials = {"username": "carol", "password": PASSWORD}
    answers = [api.post("/auth/token", credentials, format="json").json() for _ in range(2)]
    assert len({contents(answer["access"])["login"] for answer in answers}) == 2


@pytest.mark.parametrize("path", ["/auth/token", "/auth/token/"])
def test_a_trailing_slash_makes_no_difference(api: APIClient, carol: User, path: str) -> None:
    response = api.post(path, {"username": "carol", "password": PASSWORD}, format="json")
    assert response.status_code == 200


def test_the_token_opens_rest(api: APIClient, carol: User) -> None:
    tokens = api.post("/auth/token", {"username": "carol", "password": PASSWORD}, format="json").json()
    response = api.get("/auth/me", headers={"Authorization": f"Bearer {tokens['access']}"})
    assert response.json()["id"] == str(carol.pk)


def test_every_refusal_looks_the_same(api: APIClient, carol: User, dave: User) -> None:
    User.objects.filter(pk=dave.pk).update(is_active=False)
    wrong = api.post("/auth/token", {"username": "carol", "password": "not it"}, format="json")
    unknown = api.post("/auth/token", {"username": "nobody", "password": PASSWORD}, format="json")
    inactive = api.post("/auth/token", {"username": "dave", "password": PASSWORD}, format="json")

    assert wrong.status_code == unknown.status_code == inactive.status_code == 401
    assert wrong.json() == unknown.json() == inactive.json()
    assert wrong.json()["error"]["code"] == "unauthenticated"


class CountingHasher(MD5PasswordHasher):
    """Counts hashes, because they take most of the time of a login."""

    algorithm = "counting"
    made = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).made += 1
        return super().encode(password, salt)


def test_every_refusal_costs_one_hash(api: APIClient, db: None, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    User.objects.create_user("known", password=PASSWORD)
    User.objects.create_user("inactive", password=PASSWORD, is_active=False)
    User.objects.create_user("passwordless")
    costs = {}
    for username in ("known", "inactive", "passwordless", "unknown"):
        CountingHasher.made = 0
        response = api.post("/auth/token", {"username": username, "password": "not it"}, format="json")
        assert response.status_code == 401
        costs[username] = CountingHasher.made
    assert set(costs.values()) == {1}, costs


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "carol"},
        {"password": PASSWORD},
        {"username": 5, "password": PASSWORD},
        {"username": "carol", "password": 12345},
        {"username": True, "password": PASSWORD},
        {"username": None, "password": PASSWORD},
        {"username": ["carol"], "password": PASSWORD},
        {"username": "carol", "password": {"$ne": ""}},
        {"username": "", "password": PASSWORD},
        {"username": "car\0ol", "password": PASSWORD},
        {"username": "carol", "password": PASSWORD + "\0"},
        {"username": "c" * 300, "password": PASSWORD},
        {"username": "carol", "password": "p" * 5000},
        ["carol", PASSWORD],
        "carol",
        7,
        None,
    ],
)
def test_a_body_of_another_shape_is_invalid(api: APIClient, carol: User, body: Any) -> None:
    response = api.post("/auth/token", body, format="json")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid"


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"username": "\\ud800", "password": "x"}', b"[" * 100_000])
def test_bytes_that_are_no_json_are_invalid(api: APIClient, db: None, body: bytes) -> None:
    response = api.post("/auth/token", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid"


def test_spaces_around_a_password_are_part_of_it(api: APIClient, carol: User) -> None:
    response = api.post("/auth/token", {"username": "carol", "password": f" {PASSWORD}"}, format="json")
    assert response.status_code == 401


def test_a_useless_token_in_the_header_is_no_obstacle(api: APIClient, carol: User) -> None:
    api.credentials(HTTP_AUTHORIZATION="Bearer expired-long-ago")
    response = api.post("/auth/token", {"username": "carol", "password": PASSWORD}, format="json")
    assert response.status_code == 200


def test_the_browsable_page_has_a_form(api: APIClient, db: None) -> None:
    response = api.get("/auth/token", headers={"Accept": "text/html"})
    page = response.content.decode()
    assert response.status_code == 405
    assert 'name="username"' in page
    assert 'type="password"' in page
