"""No sign-in lets anybody guess passwords, and no answer shows which accounts exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import aauthenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from chatsite.identity import throttles
from chatsite.identity.forms import LimitedAdminSignIn, LimitedSignIn

PASSWORD = "a long enough pass phrase"
TRIES = 3


class CountingHasher(MD5PasswordHasher):
    """Counts hashes. A real one takes a tenth of a second, which an attacker could measure."""

    calls = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).calls += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def quick_and_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}
    }
    limits = {"login_account": f"{TRIES}/min", "login_address": "30/min", "login_refresh": "9/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": limits}
    monkeypatch.setattr(throttles, "time", SimpleNamespace(time=lambda: 1_800_000_020.0))


@pytest.fixture(autouse=True)
def people(db: None, quick_and_alone: None) -> None:
    User.objects.create_user("carol", password=PASSWORD)
    User.objects.create_superuser("staff", password=PASSWORD)
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    User.objects.create_user("keyless")  # no usable password
    CountingHasher.calls = 0


def by_token(client: Client, name: str, password: str, address: str = "192.0.2.1") -> HttpResponse:
    body = {"username": name, "password": password}
    return client.post("/auth/token", body, "application/json", REMOTE_ADDR=address)  # type: ignore[return-value]


def by_form(path: str) -> Callable[..., HttpResponse]:
    def sign_in(client: Client, name: str, password: str, address: str = "192.0.2.1") -> HttpResponse:
        return client.post(path, {"username": name, "password": password}, REMOTE_ADDR=address)  # type: ignore[return-value]

    return sign_in


SIGN_INS: dict[str, Callable[..., HttpResponse]] = {
    "token": by_token,
    "browsable API": by_form("/api-auth/login/"),
    "admin": by_form("/admin/login/"),
}


@pytest.fixture(params=SIGN_INS)
def sign_in(request: pytest.FixtureRequest) -> Callable[..., HttpResponse]:
    return SIGN_INS[request.param]


def is_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 or (answer.status_code == 200 and b"access" in answer.content[:20])


def refused_for_the_number(answer: HttpResponse) -> bool:
    return answer.status_code == 429 or b"Too many attempts" in answer.content


def test_the_right_password_opens(client: Client, sign_in: Callable[..., HttpResponse]) -> None:
    assert is_in(sign_in(client, "staff", PASSWORD))


def test_an_account_is_closed_for_a_while_at_every_sign_in(
    client: Client, sign_in: Callable[..., HttpResponse]
) -> None:
    for number in range(TRIES):
        assert not is_in(sign_in(client, "staff", f"guess {number}", address=f"192.0.2.{number}"))
    hashed = CountingHasher.calls
    for other in SIGN_INS.values():
        answer = other(client, "staff", PASSWORD, address="198.51.100.7")
        assert not is_in(answer)
        assert refused_for_the_number(answer)
    assert CountingHasher.calls == hashed  # a flood of guesses costs no hashing


def test_an_address_is_closed_for_a_while(client: Client, sign_in: Callable[..., HttpResponse]) -> None:
    for number in range(30):
        sign_in(client, f"name{number}", "guess")
    answer = sign_in(client, "staff", PASSWORD)
    assert not is_in(answer)
    assert refused_for_the_number(answer)
    assert is_in(sign_in(client, "staff", PASSWORD, address="192.0.2.2"))


async def test_the_asynchronous_way_counts_too(transactional_db: None) -> None:
    await User.objects.acreate_superuser("late", password=PASSWORD)
    for _ in range(TRIES):
        assert await aauthenticate(None, username="late", password="guess") is None
    assert await aauthenticate(None, username="late", password=PASSWORD) is None


def test_no_answer_and_no_work_tells_accounts_apart(
    client: Client, sign_in: Callable[..., HttpResponse]
) -> None:
    """The test counts hashes instead of measuring time: one for a wrong password, and one for an account that does
    not exist.
    """
    seen: dict[str, tuple[int, int, bytes]] = {}
    for name in ("carol", "nobody", "gone", "keyless"):
        CountingHasher.calls = 0
        answer = sign_in(client, name, "guess")
        body = b"".join(line for line in answer.content.splitlines() if b"csrf" not in line.lower())
        seen[name] = (answer.status_code, CountingHasher.calls, body.replace(name.encode(), b"NAME"))
    assert len(set(seen.values())) == 1, {name: what[:2] for name, what in seen.items()}
    assert seen["carol"][1] == 1


def test_no_answer_tells_accounts_apart_when_they_are_closed(
    client: Client, sign_in: Callable[..., HttpResponse]
) -> None:
    answers = []
    for name in ("carol", "nobody"):
        for number in range(TRIES):
            sign_in(client, name, "guess", address=f"192.0.2.{number}")
        answer = sign_in(client, name, "guess", address="198.51.100.7")
        answers.append(b"".join(line for line in answer.content.splitlines() if b"csrf" not in line.lower()))
    assert answers[0].replace(b"carol", b"NAME") == answers[1].replace(b"nobody", b"NAME")


def login_views(patterns: Any = None, before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from login_views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", None)
            if isinstance(view, type) and issubclass(view, LoginView):
                yield path, view


def test_every_sign_in_page_is_limited(client: Client) -> None:
    """Look for sign-in forms at every address. The admin has its own view, with the site's form."""
    first: dict[str, Any] = {}
    for path, view in login_views():
        first.setdefault(path, view)  # Django takes the first one of an address
    assert "api-auth/login/" in first
    for path, view in first.items():
        assert issubclass(view.authentication_form or view.form_class, LimitedSignIn), path
    for address in ("/api-auth/login/", "/admin/login/"):
        form = client.get(address).context["form"]
        assert isinstance(form, LimitedSignIn), address
    assert isinstance(client.get("/admin/login/").context["form"], LimitedAdminSignIn)
