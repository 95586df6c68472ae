"""Limits on guessing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.identity import throttles
from chatsite.identity.operations import TokenPair
from tests.identity.conftest import PASSWORD


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still 20 s into a minute, so that no window ends by chance. Tests may change it."""
    now = [1_800_000_020.0]
    monkeypatch.setattr(throttles, "time", SimpleNamespace(time=lambda: now[0]))
    return now


@pytest.fixture(autouse=True)
def rates(settings: Settings) -> None:
    limits = {"login_account": "3/min", "login_address": "8/min", "login_refresh": "4/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": limits}


def attempt(client: APIClient, username: str, password: str = "not it", address: str = "192.0.2.1") -> Any:
    body = {"username": username, "password": password}
    return client.post("/auth/token", body, format="json", REMOTE_ADDR=address)


def assert_limited(response: Any, wait: float) -> None:
    assert response.status_code == 429
    error = response.json()["error"]
    assert error["code"] == "rate_limited"
    assert error["details"]["retryAfter"] == pytest.approx(wait, abs=1)
    assert int(response["Retry-After"]) == pytest.approx(wait, abs=1)


def test_an_account_from_anywhere(api: APIClient, carol: User) -> None:
    for number in range(3):
        assert attempt(api, "carol", address=f"192.0.2.{number}").status_code == 401
    assert_limited(attempt(api, "carol", PASSWORD, address="192.0.2.77"), wait=40)
    assert attempt(api, "dave", address="192.0.2.77").status_code == 401


def test_the_limit_ends_with_its_minute(api: APIClient, carol: User, clock: list[float]) -> None:
    for number in range(4):
        attempt(api, "carol", address=f"192.0.2.{number}")
    clock[0] += 41
    assert attempt(api, "carol", PASSWORD).status_code == 200


def test_another_spelling_is_the_same_account(api: APIClient, carol: User) -> None:
    for spelling in ("Carol", " carol ", "ｃａｒｏｌ"):
        attempt(api, spelling)
    assert_limited(attempt(api, "carol", PASSWORD), wait=40)


def test_successes_do_not_count_against_the_account(api: APIClient, carol: User) -> None:
    for number in range(20):
        assert attempt(api, "carol", PASSWORD, address=f"192.0.2.{number}").status_code == 200
    assert attempt(api, "carol").status_code == 401


def test_nor_do_bodies_of_another_shape(api: APIClient, carol: User) -> None:
    for _ in range(4):
        assert api.post("/auth/token", {"username": "carol"}, format="json").status_code == 400
    assert attempt(api, "carol", PASSWORD).status_code == 200


def test_an_account_that_does_not_exist_is_limited_alike(api: APIClient, carol: User) -> None:
    answers = [[attempt(api, name, address=name).json() for _ in range(4)] for name in ("carol", "nobody")]
    assert answers[0] == answers[1]


def test_an_address_for_any_account(api: APIClient, carol: User) -> None:
    for number in range(8):
        assert attempt(api, f"user{number}").status_code == 401
    assert_limited(attempt(api, "carol", PASSWORD), wait=40)
    assert attempt(api, "carol", PASSWORD, address="192.0.2.2").status_code == 200


def test_a_limited_address_costs_its_victims_nothing(api: APIClient, carol: User) -> None:
    for number in range(8):
        attempt(api, f"user{number}")
    for _ in range(5):
        attempt(api, "carol")
    assert attempt(api, "carol", PASSWORD, address="192.0.2.2").status_code == 200


def test_a_forged_forwarding_header_changes_nothing(api: APIClient, carol: User) -> None:
    for number in range(8):
        api.credentials(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        attempt(api, f"user{number}")
    assert_limited(attempt(api, "carol", PASSWORD), wait=40)


def test_an_ipv6_network_is_one_address(api: APIClient, carol: User) -> None:
    for number in range(8):
        attempt(api, f"user{number}", address=f"2001:db8::{number}:1")
    assert_limited(attempt(api, "carol", PASSWORD, address="2001:db8::ffff:2"), wait=40)
    assert attempt(api, "carol", PASSWORD, address="2001:db8:0:1::1").status_code == 200


@pytest.mark.parametrize("address", ["", "unix:", "::ffff:192.0.2.1", "not an address \xff"])
def test_an_odd_address_is_no_error(api: APIClient, carol: User, address: str) -> None:
    assert attempt(api, "carol", PASSWORD, address=address).status_code == 200


@pytest.mark.parametrize(("path", "field"), [("refresh", "refresh"), ("verify", "token")])
def test_refreshes_and_verifications_of_an_address(
    api: APIClient, login: TokenPair, path: str, field: str
) -> None:
    for _ in range(4):
        assert api.post(f"/auth/token/{path}", {field: "a.b.c"}, format="json").status_code == 401
    assert_limited(api.post(f"/auth/token/{path}", {field: login.refresh}, format="json"), wait=40)


def test_no_name_is_in_the_cache(monkeypatch: pytest.MonkeyPatch, api: APIClient, carol: User) -> None:
    spy = Mock(wraps=cache)
    monkeypatch.setattr(throttles, "cache", spy)
    attempt(api, "carol")
    keys = [call.args[0] for call in spy.add.call_args_list]
    assert len(keys) == 2
    assert not any("carol" in key or "192.0.2" in key for key in keys)


def test_without_the_cache_logins_go_on(
    api: APIClient, carol: User, redis_is_away: None, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        assert attempt(api, "carol").status_code == 401
    assert attempt(api, "carol", PASSWORD).status_code == 200
    assert "not limited" in caplog.text
