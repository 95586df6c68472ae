"""Tokens that are refused."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, NamedTuple
from uuid import uuid4

import jwt
import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from pytest_django import Settings

from chatsite.identity.operations import open_login
from chatsite.widget import operations
from tests.widget.conftest import Exchange, Shop, api, make_shop, refused, signed

UNAUTHENTICATED = (401, "unauthenticated")


class Seconds(NamedTuple):
    """Seconds from the moment at which the test runs, which is long after it was collected."""

    ahead: int


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def nobody_was_made() -> bool:
    return not User.objects.filter(username__startswith="visitor-").exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_000_000_000},
        {"exp": Seconds(-60)},
        {"exp": Seconds(3600)},
        {"exp": None},
        {"exp": "soon"},
        {"aud": "other"},
        {"aud": ["widget", "other"]},
        {"aud": None},
        {"iss": "not-an-id"},
        {"iss": str(uuid4())},
        {"iss": 7},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
        {"sub": "\ud800"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "\ud800"},
        {"nbf": Seconds(100)},
        {"iat": Seconds(100)},
        {"name": ["Ada"]},
    ],
)
def test_bad_claims(shop: Shop, exchange: Exchange, claims: dict[str, Any]) -> None:
    now = time.time()
    made: dict[str, Any] = {
        name: int(now + one.ahead) if isinstance(one, Seconds) else one for name, one in claims.items()
    }
    assert refused(exchange(signed(shop, **made))) == UNAUTHENTICATED
    assert nobody_was_made()


def test_a_wrong_claim_is_explained_only_with_a_valid_signature(shop: Shop, exchange: Exchange) -> None:
    def message(token: str) -> str:
        text: str = exchange(token).json()["error"]["message"]
        return text

    assert "expired" in message(signed(shop, exp=int(time.time()) - 60))
    assert "5 minutes" in message(signed(shop, exp=int(time.time()) + 3600))
    assert "jti" in message(signed(shop, jti=None))
    assert message(signed(shop, key="k" * 40, jti=None)) == "The token is not valid."


def test_clocks_may_differ_a_little(shop: Shop, exchange: Exchange) -> None:
    now = int(time.time())
    assert exchange(signed(shop, exp=now - 5)).status_code == 201
    assert exchange(signed(shop, iat=now + 5, exp=now + 305)).status_code == 201


def test_a_wrong_secret(shop: Shop, exchange: Exchange) -> None:
    assert refused(exchange(signed(shop, key="w" * 48))) == UNAUTHENTICATED


def test_another_businesss_secret(shop: Shop, exchange: Exchange) -> None:
    other = make_shop()
    assert refused(exchange(signed(shop, key=other.secret.value))) == UNAUTHENTICATED
    assert refused(exchange(signed(other, key=shop.secret.value))) == UNAUTHENTICATED
    assert nobody_was_made()


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm(shop: Shop, exchange: Exchange, algorithm: str) -> None:
    assert refused(exchange(signed(shop, algorithm=algorithm))) == UNAUTHENTICATED


def test_no_algorithm(shop: Shop, exchange: Exchange) -> None:
    body = signed(shop).split(".")[1]
    for name in ("none", "None", "NONE", "nOnE", None, 7):
        for signature in ("", "x"):
            token = f"{encoded({'typ': 'JWT', 'alg': name})}.{body}.{signature}"
            assert refused(exchange(token)) == UNAUTHENTICATED


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b.c", "a.b", "é.b.c", "x" * 5000, f"{'A' * 3000}.e30.x", 7, None, ["x"], {"a": 1}],
    ids=lambda value: str(value)[:12],
)
def test_invalid_tokens(shop: Shop, exchange: Exchange, token: Any) -> None:
    status, code = refused(exchange(token))
    assert (status, code) in {UNAUTHENTICATED, (400, "invalid")}


def test_a_deeply_nested_header(shop: Shop, exchange: Exchange) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 1400).rstrip(b"=").decode()
    assert refused(exchange(f"{deep}.{deep}.x")) == UNAUTHENTICATED


def test_a_token_works_once(shop: Shop, exchange: Exchange) -> None:
    token = signed(shop)
    assert exchange(token).status_code == 201
    assert refused(exchange(token)) == UNAUTHENTICATED
    assert refused(
        exchange(signed(shop, jti=jwt.decode(token, options={"verify_signature": False})["jti"]))
    ) == (UNAUTHENTICATED)


def test_the_same_jti_of_another_site_is_another_token(shop: Shop, exchange: Exchange) -> None:
    other = make_shop()
    assert exchange(signed(shop, jti="one")).status_code == 201
    assert exchange(signed(other, jti="one")).status_code == 201


def test_a_token_works_once_without_the_cache_too(shop: Shop, exchange: Exchange, settings: Settings) -> None:
    token = signed(shop)
    settings.CACHES = {
        "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert exchange(token).status_code == 201
    assert refused(exchange(token)) == UNAUTHENTICATED


def test_our_own_tokens_are_no_hosts(shop: Shop, exchange: Exchange) -> None:
    pair = open_login(user_id=str(shop.owner.pk))
    assert refused(exchange(pair.access)) == UNAUTHENTICATED
    assert refused(exchange(signed(shop, key=site.JWT_SECRET))) == UNAUTHENTICATED


def test_a_hosts_token_is_none_of_ours(shop: Shop) -> None:
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {signed(shop, user_id=str(shop.owner.pk))}")
    assert refused(client.get("/auth/me")) == UNAUTHENTICATED


def test_a_revoked_secret(shop: Shop, exchange: Exchange) -> None:
    token = signed(shop)
    operations.revoke_secret(site_id=shop.site.pk, secret_id=shop.secret.pk)
    assert refused(exchange(token)) == UNAUTHENTICATED


def test_too_many_from_one_address(shop: Shop, exchange: Exchange, settings: Settings) -> None:
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "widget_session": "3/day"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    for _ in range(3):
        assert exchange("a.b.c", REMOTE_ADDR="192.0.2.1").status_code == 401
    answer = exchange(signed(shop), REMOTE_ADDR="192.0.2.1")
    assert refused(answer) == (429, "rate_limited")
    assert int(answer["Retry-After"]) > 0
    assert exchange(signed(shop), REMOTE_ADDR="192.0.2.2").status_code == 201
