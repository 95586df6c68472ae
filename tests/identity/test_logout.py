"""POST /auth/logout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from chatsite.identity import operations
from chatsite.identity.models import EndedLogin
from chatsite.identity.operations import TokenPair
from chatsite.realtime import registry
from chatsite.realtime.events import Event, pack, unpack
from chatsite.realtime.hub import Addressed
from chatsite.realtime.identity import Identity
from chatsite.realtime.revalidation import END_LOGIN
from chatsite.realtime.session import LiveSession
from chatsite.realtime.transport import Close
from tests.identity.conftest import Forge, contents, in_the_past


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/logout/"])
def test_a_logout_ends_the_login_with_all_its_tokens(
    api: APIClient, carol: User, login: TokenPair, path: str
) -> None:
    response = api.post(path, {"refresh": login.refresh}, format="json")

    assert (response.status_code, response.content) == (204, b"")
    row = EndedLogin.objects.get()
    assert (str(row.login_id), row.user) == (contents(login.refresh)["login"], carol)
    assert BlacklistedToken.objects.get().token.jti == contents(login.refresh)["jti"]
    assert api.get("/auth/me", headers={"Authorization": f"Bearer {login.access}"}).status_code == 401
    assert api.post("/auth/token/refresh", {"refresh": login.refresh}, format="json").status_code == 401


def test_the_row_outlives_every_token_of_the_login(login: TokenPair) -> None:
    fresh = operations.rotate_login(refresh=login.refresh)
    operations.end_login(refresh=login.refresh)
    last = contents(fresh.refresh)["exp"]
    assert EndedLogin.objects.get().expires_at.timestamp() >= last
    assert EndedLogin.objects.get().expires_at <= timezone.now() + timedelta(days=14)


class LiveSocket:
    """The parts of a session that a control message uses."""

    def __init__(self, user_id: str, login_id: str) -> None:
        self.identity = Identity(user_id, login_id, None)
        self.closed_with: int | None = None

    def close_soon(self, code: int, reason: str) -> None:
        self.closed_with = code

    def obey(self, event: Event) -> None:
        (arrived,) = unpack(pack([event]))  # as it is sent to another process
        registry.control_handlers[arrived.name](cast(LiveSession, self), arrived)


def test_after_the_commit_the_sockets_of_that_login_close(
    carol: User,
    login: TokenPair,
    sent: list[Addressed],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        operations.end_login(refresh=login.refresh)
        assert sent == []

    ((group, event),) = sent
    assert (group, event.name) == (f"user.{carol.pk}", END_LOGIN)
    mine = LiveSocket(str(carol.pk), contents(login.access)["login"])
    other = LiveSocket(str(carol.pk), "019aa000-0000-7000-8000-000000000000")
    for socket in (mine, other):
        socket.obey(event)
    assert (mine.closed_with, other.closed_with) == (Close.UNAUTHENTICATED, None)


def test_asking_again_is_answered_alike(api: APIClient, login: TokenPair) -> None:
    for _ in range(2):
        assert api.post("/auth/logout", {"refresh": login.refresh}, format="json").status_code == 204
    assert EndedLogin.objects.count() == 1


def test_a_used_refresh_token_ends_its_login_too(login: TokenPair) -> None:
    operations.rotate_login(refresh=login.refresh)
    operations.end_login(refresh=login.refresh)
    assert EndedLogin.objects.count() == 1


def test_the_login_of_a_deleted_user_is_over_anyway(api: APIClient, carol: User, login: TokenPair) -> None:
    carol.delete()
    assert api.post("/auth/logout", {"refresh": login.refresh}, format="json").status_code == 204
    assert not EndedLogin.objects.exists()


def test_an_expired_access_token_in_the_header_is_no_obstacle(
    api: APIClient, login: TokenPair, forge: Forge
) -> None:
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {forge(exp=in_the_past())}")
    assert api.post("/auth/logout", {"refresh": login.refresh}, format="json").status_code == 204


def test_only_refresh_tokens_of_ours_log_out(api: APIClient, login: TokenPair, forge: Forge) -> None:
    forged = forge(**contents(login.refresh), key="another key that is just as long as the real one is")
    for token in (login.access, forged, "a.b.c"):
        response = api.post("/auth/logout", {"refresh": token}, format="json")
        assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")
    assert not EndedLogin.objects.exists()


@pytest.mark.parametrize("body", [{}, {"refresh": 5}, {"refresh": "\0"}, []])
def test_a_body_of_another_shape_is_invalid(db: None, api: APIClient, body: Any) -> None:
    assert api.post("/auth/logout", body, format="json").status_code == 400
