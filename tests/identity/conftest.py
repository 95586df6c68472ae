"""People, clients and forged tokens for the tests of identity."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from chatsite.identity import operations
from chatsite.identity.operations import TokenPair
from chatsite.identity.tokens import by_tokens
from chatsite.realtime import broadcast
from chatsite.realtime.hub import Addressed
from chatsite.realtime.identity import Identity

PASSWORD = "a long enough pass phrase"
AWAY = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}


def by_token(token: str) -> Identity:
    """Return the identity of an access token, or raise its refusal."""
    (shown,) = by_tokens([token])
    if isinstance(shown, DomainError):
        raise shown
    return shown


@pytest.fixture(autouse=True)
def quick_and_alone(settings: Settings) -> None:
    """Use cheap password hashes and an empty cache."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}
    }


@pytest.fixture
def carol(db: None) -> User:
    return User.objects.create_user(
        "carol", "carol@example.org", PASSWORD, first_name="Carol", last_name="Diaz"
    )


@pytest.fixture
def dave(db: None) -> User:
    return User.objects.create_user("dave", password=PASSWORD)


@pytest.fixture
def api() -> APIClient:
    return APIClient()


@pytest.fixture
def login(carol: User) -> TokenPair:
    """Return tokens of carol."""
    return operations.open_login(user_id=str(carol.pk))


@pytest.fixture
def signed_in(login: TokenPair) -> APIClient:
    """Return carol's client."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {login.access}")
    return client


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Addressed]:
    """Record every event that is sent after a commit."""
    events: list[Addressed] = []
    monkeypatch.setattr(broadcast, "broadcast", events.extend)
    return events


@pytest.fixture
def redis_is_away(settings: Settings) -> None:
    """Use a cache whose server does not answer: nothing listens on port 1."""
    settings.CACHES = AWAY


Forge = Callable[..., str]


@pytest.fixture
def forge(login: TokenPair) -> Forge:
    """Return carol's access token with other claims, key, algorithm or header. A claim of None is left out."""

    def make(
        *,
        key: str = site.JWT_SECRET,
        algorithm: str = "HS256",
        headers: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        payload = {**contents(login.access), **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, key, algorithm=algorithm, headers=headers)

    return make


def contents(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def in_the_past() -> int:
    return int(time.time()) - 5
