"""The sign-in form: refused and counted like every other login, and never a redirect to another site."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.settings import api_settings

PASSWORD = "a good pass phrase"


@pytest.fixture
def visitor(db: None, settings: Any) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    get_user_model().objects.create_user("kim", password=PASSWORD)
    return Client(enforce_csrf_checks=False)


def give(visitor: Client, password: str = PASSWORD, **more: str) -> Any:
    return visitor.post("/sign-in", {"username": "kim", "password": password, **more})


def test_the_right_password_opens_the_inbox(visitor: Client) -> None:
    assert give(visitor)["Location"] == "/app"
    assert visitor.get("/app").status_code == 200
    assert visitor.get("/")["Location"] == "/app"


def test_a_wrong_one_is_refused_in_words(visitor: Client) -> None:
    answer = give(visitor, "wrong")
    assert answer.status_code == 401
    assert "incorrect" in answer.content.decode()


def test_nothing_entered_is_refused_in_words(visitor: Client) -> None:
    assert visitor.post("/sign-in", {"username": "kim\x00"}).status_code == 400


def test_guesses_are_counted(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "login_account", "2/min")
    assert [give(visitor, "wrong").status_code for _ in range(3)] == [401, 401, 429]
    answer = give(visitor)
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()


def test_guesses_from_one_address_are_counted(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "login_address", "1/min")
    names = ["somebody", "somebody-else"]
    answers = [visitor.post("/sign-in", {"username": name, "password": "x"}).status_code for name in names]
    assert answers == [401, 429]


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_way_leads_to_another_site(visitor: Client, next_page: str) -> None:
    assert give(visitor, next=next_page)["Location"] == "/app"


def test_a_page_of_ours_is_kept(visitor: Client) -> None:
    assert visitor.get("/app/find?q=x")["Location"] == "/sign-in?next=/app/find%3Fq%3Dx"
    assert give(visitor, next="/app/find?q=x")["Location"] == "/app/find?q=x"


def test_signing_out_takes_a_post(visitor: Client) -> None:
    give(visitor)
    assert visitor.get("/sign-out").status_code == 405
    assert visitor.post("/sign-out")["Location"] == "/"
    assert visitor.get("/app").status_code == 302


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/app", "/app/find", "/app/notifications", "/app/c/" + "0" * 36]
)
def test_every_page_has_a_strict_policy(visitor: Client, path: str) -> None:
    if path.startswith("/app"):
        give(visitor)
    answer = visitor.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert (
        policy["default-src"]
        == policy["frame-ancestors"]
        == policy["object-src"]
        == policy["base-uri"]
        == "'none'"
    )
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["media-src"] == "'self' blob:"
    assert "no-store" in answer["Cache-Control"]


def test_forms_want_their_token(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    for path in ("/sign-in", "/sign-out", "/app/open", "/web/language"):
        assert strict.post(path, {}).status_code == 403
