"""Users are suspended and reinstated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from chatsite.identity import operations
from chatsite.identity.models import EndedLogin
from chatsite.identity.operations import TokenPair
from chatsite.realtime.hub import Addressed
from chatsite.realtime.revalidation import END_USER
from tests.identity.conftest import PASSWORD, by_token


def assert_dead(pair: TokenPair) -> None:
    for use in (lambda: by_token(pair.access), lambda: operations.rotate_login(refresh=pair.refresh)):
        with pytest.raises(DomainError) as refused:
            use()
        assert refused.value.code == "unauthenticated"


def test_ending_the_sessions_stops_every_token_of_only_this_user(carol: User, dave: User) -> None:
    rotated = operations.open_login(user_id=str(carol.pk))
    pairs = [
        operations.rotate_login(refresh=rotated.refresh),
        operations.open_login(user_id=str(carol.pk)),
        rotated,
    ]
    other = operations.open_login(user_id=str(dave.pk))

    operations.end_user_sessions(user_id=str(carol.pk))

    for pair in pairs:
        assert_dead(pair)
    assert by_token(other.access).user_id == str(dave.pk)
    assert EndedLogin.objects.count() == 2
    by_token(operations.open_login(user_id=str(carol.pk)).access)  # carol may come back


def test_every_live_socket_closes_after_the_commit(
    carol: User,
    sent: list[Addressed],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for operation in (operations.end_user_sessions, operations.deactivate_user):
        sent.clear()
        with django_capture_on_commit_callbacks(execute=True):
            operation(user_id=str(carol.pk))
            assert sent == []
        assert [(group, event.name) for group, event in sent] == [(f"user.{carol.pk}", END_USER)]


def test_a_rollback_leaves_everything_as_it_was(
    carol: User,
    login: TokenPair,
    sent: list[Addressed],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        operations.deactivate_user(user_id=str(carol.pk))
        transaction.set_rollback(True)
    assert sent == []
    by_token(login.access)
    operations.rotate_login(refresh=login.refresh)


def test_an_inactive_user_has_no_way_in(carol: User, login: TokenPair, api: APIClient) -> None:
    browser = APIClient()
    browser.login(username="carol", password=PASSWORD)
    operations.deactivate_user(user_id=str(carol.pk))

    assert_dead(login)
    assert browser.get("/auth/me").status_code == 401
    credentials = {"username": "carol", "password": PASSWORD}
    assert api.post("/auth/token", credentials, format="json").status_code == 401
    with pytest.raises(DomainError):
        operations.open_login(user_id=str(carol.pk))


def test_a_reactivated_user_logs_in_again_but_old_tokens_stay_dead(
    carol: User, login: TokenPair, api: APIClient
) -> None:
    operations.deactivate_user(user_id=str(carol.pk))
    operations.reactivate_user(user_id=str(carol.pk))
    assert_dead(login)
    credentials = {"username": "carol", "password": PASSWORD}
    assert api.post("/auth/token", credentials, format="json").status_code == 200


def test_doing_it_twice_is_no_error(carol: User) -> None:
    for operation in (operations.deactivate_user, operations.reactivate_user):
        operation(user_id=str(carol.pk))
        operation(user_id=str(carol.pk))
    carol.refresh_from_db()
    assert carol.is_active


@pytest.mark.parametrize("user_id", ["0", "nobody", "\0", "9" * 60])
@pytest.mark.parametrize(
    "operation", [operations.end_user_sessions, operations.deactivate_user, operations.reactivate_user]
)
def test_nobody_is_not_found(db: None, operation: Callable[..., None], user_id: str) -> None:
    with pytest.raises(DomainError) as refused:
        operation(user_id=user_id)
    assert refused.value.code == "not_found"


def test_the_cost_does_not_grow_with_the_logins(
    carol: User, dave: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        operations.open_login(user_id=str(carol.pk))
    operations.open_login(user_id=str(dave.pk))
    for user in (carol, dave):
        with django_assert_num_queries(6):  # two of them are of the savepoint
            operations.end_user_sessions(user_id=str(user.pk))
