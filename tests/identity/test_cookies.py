"""A session cookie as the credentials of a socket."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.identity.tokens import by_cookie, ended
from chatsite.realtime.identity import Identity
from tests.identity.conftest import PASSWORD


@pytest.fixture
def session_key(carol: User, api: APIClient) -> str:
    """Return the key of carol's session."""
    assert api.login(username="carol", password=PASSWORD)
    assert api.session.session_key is not None
    return api.session.session_key


def found(session_key: str) -> Identity | None:
    return by_cookie(f"theme=dark; sessionid={session_key}; csrftoken=x")


def test_a_session_identifies_its_user(carol: User, session_key: str) -> None:
    identity = found(session_key)
    assert identity == Identity(str(carol.pk), "", None, "cookie", session_key)
    assert ended([identity]) == set()


def test_a_session_that_ended(session_key: str, api: APIClient) -> None:
    identity = found(session_key)
    assert identity is not None
    api.logout()
    assert found(session_key) is None
    assert ended([identity]) == {identity}


def test_a_session_that_expired(session_key: str) -> None:
    identity = found(session_key)
    assert identity is not None
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert found(session_key) is None
    assert ended([identity]) == {identity}


def test_an_inactive_user(carol: User, session_key: str) -> None:
    identity = found(session_key)
    assert identity is not None
    User.objects.filter(pk=carol.pk).update(is_active=False)
    assert found(session_key) is None
    assert ended([identity]) == {identity}


def test_a_changed_password_ends_the_session(carol: User, session_key: str) -> None:
    identity = found(session_key)
    assert identity is not None
    carol.set_password("another pass phrase")
    carol.save()
    assert found(session_key) is None
    assert ended([identity]) == {identity}


def test_a_secret_key_that_was_rotated_keeps_the_session(
    session_key: str, settings: Settings, carol: User
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new key that signs everything from now on"
    assert found(session_key) is not None
    assert Session.objects.filter(session_key=session_key).exists()  # only a browser can be given a new key


def test_a_session_without_a_user(db: None, api: APIClient) -> None:
    session = api.session
    session["theme"] = "dark"
    session.save()
    assert session.session_key is not None
    assert found(session.session_key) is None


def test_a_session_of_a_backend_that_is_no_longer_used(session_key: str, settings: Settings) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    assert found(session_key) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        ";;;",
        "sessionid",
        "sessionid=",
        "sessionid=\0\0\0\0\0\0\0\0\0",
        "sessionid=unknownunknownunknownunknownunkno",
        "sessionid=" + "a" * 1_000_000,
        "sessionid=\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
        "other=abc",
    ],
    ids=range(9),
)
def test_other_headers_hold_no_session(db: None, header: str) -> None:
    assert by_cookie(header) is None
