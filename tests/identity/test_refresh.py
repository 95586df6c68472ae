"""POST /auth/token/refresh."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from chatsite.errors import DomainError
from chatsite.identity import operations
from chatsite.identity.operations import TokenPair
from chatsite.identity.tokens import ENDED, USED
from tests.harness.patience import patience
from tests.identity.conftest import PASSWORD, Forge, by_token, contents, in_the_past


def refusal(token: str) -> str:
    with pytest.raises(DomainError) as refused:
        operations.rotate_login(refresh=token)
    assert refused.value.code == "unauthenticated"
    return refused.value.message


@pytest.mark.parametrize("path", ["/auth/token/refresh", "/auth/token/refresh/"])
def test_a_refresh_answers_a_fresh_pair_of_the_same_login(
    api: APIClient, login: TokenPair, path: str
) -> None:
    response = api.post(path, {"refresh": login.refresh}, format="json")

    assert response.status_code == 200
    assert response.json().keys() == {"access", "refresh"}
    fresh = contents(response.json()["refresh"])
    assert fresh["login"] == contents(login.refresh)["login"] == contents(response.json()["access"])["login"]
    assert fresh["jti"] != contents(login.refresh)["jti"]


def test_a_refresh_token_works_once(api: APIClient, login: TokenPair) -> None:
    first = api.post("/auth/token/refresh", {"refresh": login.refresh}, format="json")
    again = api.post("/auth/token/refresh", {"refresh": login.refresh}, format="json")
    assert (first.status_code, again.status_code) == (200, 401)
    assert again.json() == {"error": {"code": "unauthenticated", "message": USED}}


def test_using_one_twice_does_not_end_the_login(login: TokenPair) -> None:
    fresh = operations.rotate_login(refresh=login.refresh)
    assert refusal(login.refresh) == USED
    by_token(fresh.access)
    operations.rotate_login(refresh=fresh.refresh)


def test_of_two_refreshes_that_overlap_only_one_wins(
    login: TokenPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second refresh runs between the first one's check of the token and its lock."""
    lock = operations._lock_user
    winners = []

    def overtaken(user_id: object) -> User | None:
        monkeypatch.setattr(operations, "_lock_user", lock)
        winners.append(operations.rotate_login(refresh=login.refresh))
        return lock(user_id)

    monkeypatch.setattr(operations, "_lock_user", overtaken)
    assert refusal(login.refresh) == USED
    assert len(winners) == 1


def _many_refreshes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    carol = User.objects.create_user("carol", password=PASSWORD)
    refresh = operations.open_login(user_id=str(carol.pk)).refresh
    start = threading.Barrier(8, timeout=patience(10))
    results: list[Any] = []
    use_up = BlacklistedToken.objects.create

    def late(**values: Any) -> BlacklistedToken:
        """At this point every request that needs no lock has found the token unused."""
        time.sleep(0.1)
        return use_up(**values)

    def rotate() -> None:
        start.wait()
        try:
            results.append(operations.rotate_login(refresh=refresh))
        except DomainError as error:
            results.append(error.message)
        except Exception as error:  # noqa: BLE001  what a thread raises would not fail the test
            results.append(repr(error))
        finally:
            connection.close()

    monkeypatch.setattr(BlacklistedToken.objects, "create", late)
    threads = [threading.Thread(target=rotate, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience(10))
    assert results.count(USED) == 7, results
    assert OutstandingToken.objects.count() == 2


# SQLite in memory has no second connection; there the test above covers the order of the steps.
if connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    def test_of_many_refreshes_at_once_only_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
        _many_refreshes_at_once(monkeypatch)


def test_an_ended_login_is_refused(login: TokenPair) -> None:
    fresh = operations.rotate_login(refresh=login.refresh)
    operations.end_login(refresh=login.refresh)
    assert refusal(fresh.refresh) == ENDED


def test_an_inactive_and_a_deleted_user_are_refused(carol: User, login: TokenPair) -> None:
    User.objects.filter(pk=carol.pk).update(is_active=False)
    assert refusal(login.refresh) == ENDED
    carol.delete()
    assert refusal(login.refresh) == ENDED


def test_only_refresh_tokens_of_ours_are_taken(login: TokenPair, forge: Forge) -> None:
    refresh = contents(login.refresh)
    refusal(login.access)
    refusal(forge(**{**refresh, "exp": in_the_past()}))
    refusal(forge(**refresh, key="another key that is just as long as the real one is"))
    refusal(forge(**{**refresh, "jti": "never issued"}))
    operations.rotate_login(refresh=forge(**refresh))


@pytest.mark.parametrize(
    "body", [{}, {"refresh": 5}, {"refresh": None}, {"refresh": "\0"}, {"refresh": ["a"]}, []]
)
def test_a_body_of_another_shape_is_invalid(db: None, api: APIClient, body: Any) -> None:
    response = api.post("/auth/token/refresh", body, format="json")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid")
