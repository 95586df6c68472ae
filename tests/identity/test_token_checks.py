"""Which credentials open a socket or a REST request, and which do not."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from chatsite.identity import claims, operations
from chatsite.identity.claims import EXPIRED, MALFORMED, read_claims
from chatsite.identity.operations import TokenPair
from chatsite.identity.tokens import ENDED, by_tokens
from chatsite.realtime.registry import get_authentication
from tests.identity.conftest import Forge, by_token, contents, in_the_past


def refusal(token: str) -> str:
    with pytest.raises(DomainError) as refused:
        by_token(token)
    assert refused.value.code == "unauthenticated"
    return refused.value.message


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_good_token_names_user_login_and_end(carol: User, login: TokenPair) -> None:
    identity = by_token(login.access)
    claims = contents(login.access)
    assert (identity.user_id, identity.login_id) == (str(carol.pk), claims["login"])
    assert identity.expires_at == claims["exp"]
    assert (identity.source, identity.session_key) == ("token", "")


def test_sockets_use_these_checks() -> None:
    assert get_authentication().by_tokens is by_tokens


def test_a_forged_token_that_changes_nothing_is_good(carol: User, forge: Forge) -> None:
    # Make sure that the refusals below have the stated reason.
    assert by_token(forge()).user_id == str(carol.pk)
    assert by_token(forge(headers={"kid": "any"})).user_id == str(carol.pk)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "another key that is just as long as the real one is"},
        {"key": "another key that is just as long as the real one is", "headers": {"kid": "../../dev/null"}},
        {
            "key": "another key that is just as long as the real one is",
            "headers": {"jwk": {"kty": "oct", "k": "YQ"}},
        },
        {"key": "", "algorithm": "none"},
        {"algorithm": "HS384"},
        {"algorithm": "HS512"},
        {"token_type": "refresh"},
        {"token_type": "sliding"},
        {"token_type": None},
        {"exp": None},
        {"exp": 2**80},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"jti": None},
        {"jti": ""},
        {"login": None},
        {"login": "not a uuid"},
        {"user_id": None},
        {"user_id": ["1"]},
        {"user_id": 1.5},
        {"user_id": "9" * 300},
        {"iat": 2**40},
    ],
)
def test_any_other_token_is_not_valid(forge: Forge, changed: dict[str, Any]) -> None:
    assert refusal(forge(**changed)) == MALFORMED


def test_a_header_without_signature_is_not_valid(login: TokenPair) -> None:
    payload = login.access.split(".")[1]
    for algorithm in ("none", "None", "NONE", "nOnE", "", None):
        header = encoded({"alg": algorithm, "typ": "JWT"})
        assert refusal(f"{header}.{payload}.") == MALFORMED
        assert refusal(f"{header}.{payload}.AA") == MALFORMED


def test_the_algorithm_of_the_header_cannot_be_swapped(login: TokenPair) -> None:
    _, payload, signature = login.access.split(".")
    for algorithm in ("HS384", "RS256", "ES256", "PS256", "EdDSA"):
        assert refusal(f"{encoded({'alg': algorithm})}.{payload}.{signature}") == MALFORMED


def test_a_changed_payload_is_not_valid(login: TokenPair, dave: User) -> None:
    header, _, signature = login.access.split(".")
    payload = {**contents(login.access), "user_id": str(dave.pk)}
    assert refusal(f"{header}.{encoded(payload)}.{signature}") == MALFORMED


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "\0",
        "a\0.b.c",
        "\ud800.\udfff.\ud800",
        "NaN",
        "null",
        "ключ.ключ.ключ",
        "a" * 5_000_000,
        "a.b." + "c" * 5_000_000,
        encoded(b"[" * 3_000) + ".e30.AA",
        encoded(b'{"alg":' + b"[" * 2_500) + ".e30.AA",
        encoded(b'{"alg":' + b"9" * 2_900 + b"}") + ".e30.AA",
        encoded(b'{"alg": NaN}') + ".e30.AA",
        encoded(b"\xff\xfe") + ".e30.AA",
        encoded({"alg": "HS256", "crit": ["x"]}) + ".e30.AA",
        encoded({"alg": "HS256", "b64": False}) + ".e30.AA",
        encoded({"alg": ["HS256"]}) + ".e30.AA",
        encoded({"alg": "HS256", "kid": 5}) + ".e30.AA",
        encoded([]) + ".e30.AA",
    ],
    ids=range(22),
)
def test_garbage_is_not_valid(db: None, garbage: str) -> None:
    assert refusal(garbage) == MALFORMED


@pytest.mark.parametrize("payload", [b"[]", b"7", b"null", b"NaN", b'{"exp": 9}' * 2, b"[" * 2_000, b"\xff"])
def test_a_signed_payload_that_is_no_object_is_not_valid(db: None, payload: bytes) -> None:
    assert refusal(jwt.api_jws.encode(payload, settings.JWT_SECRET)) == MALFORMED


def test_a_token_that_was_good_expires(
    carol: User, login: TokenPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature of a token is checked once, and its expiry every time."""
    ends = by_token(login.access).expires_at
    assert ends is not None
    monkeypatch.setattr("chatsite.identity.claims.time.time", lambda: ends - 1)
    assert by_token(login.access).user_id == str(carol.pk)
    monkeypatch.setattr("chatsite.identity.claims.time.time", lambda: ends)
    assert refusal(login.access) == EXPIRED


def test_a_good_access_token_is_no_refresh_token(login: TokenPair) -> None:
    assert read_claims(login.access, "access").token_type == "access"
    with pytest.raises(DomainError):
        read_claims(login.access, "refresh")


def test_an_expired_token_says_so(forge: Forge) -> None:
    assert refusal(forge(exp=in_the_past())) == EXPIRED


@pytest.mark.parametrize(
    "user_id", ["0", "99999999", 99999999, 2**70, "-1", "abc", "1e3", "carol", "\0", "9" * 255]
)
def test_a_user_who_is_not_there(forge: Forge, user_id: object) -> None:
    assert refusal(forge(user_id=user_id)) == ENDED


def test_deleted_inactive_and_logged_out_users_look_the_same(
    carol: User, dave: User, login: TokenPair
) -> None:
    erin = User.objects.create_user("erin")
    others = {user: operations.open_login(user_id=str(user.pk)) for user in (dave, erin)}
    operations.end_login(refresh=login.refresh)
    User.objects.filter(pk=dave.pk).update(is_active=False)
    erin.delete()
    messages = {refusal(login.access), *(refusal(pair.access) for pair in others.values())}
    assert messages == {ENDED}


def test_one_login_ends_and_the_other_stays(carol: User, login: TokenPair) -> None:
    other = operations.open_login(user_id=str(carol.pk))
    operations.end_login(refresh=login.refresh)
    assert refusal(login.access) == ENDED
    assert by_token(other.access).user_id == str(carol.pk)


@pytest.mark.parametrize("path", ["/auth/token/verify", "/auth/token/verify/"])
def test_verify_answers_for_both_types(api: APIClient, login: TokenPair, path: str) -> None:
    for token in (login.access, login.refresh):
        response = api.post(path, {"token": token}, format="json")
        assert (response.status_code, response.json()) == (200, {})


def test_verify_refuses_used_expired_and_forged_tokens(
    api: APIClient, login: TokenPair, forge: Forge
) -> None:
    fresh = operations.rotate_login(refresh=login.refresh)

    def verdict(token: object) -> tuple[int, str]:
        response = api.post("/auth/token/verify", {"token": token}, format="json")
        return response.status_code, response.json()["error"]["code"]

    for token in (login.refresh, forge(token_type="sliding"), forge(exp=in_the_past()), "a.b.c"):
        assert verdict(token) == (401, "unauthenticated")
    for shape in (5, None, "", "\0", "a" * 5000):
        assert verdict(shape) == (400, "invalid")
    operations.end_login(refresh=fresh.refresh)
    for token in (fresh.refresh, fresh.access, login.access):
        assert verdict(token) == (401, "unauthenticated")


def test_an_unknown_login_id_is_no_ended_one(carol: User, forge: Forge) -> None:
    assert by_token(forge(login=str(uuid4()))).user_id == str(carol.pk)


def test_the_cache_of_claims_is_small_and_holds_no_token(
    login: TokenPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache: dict[bytes, claims.Claims] = {}
    monkeypatch.setattr(claims, "_cache", cache)
    monkeypatch.setattr(claims, "_CACHE_SIZE", 1)
    for token, kind in ((login.access, "access"), (login.refresh, "refresh")):
        assert read_claims(token, "access", "refresh") is read_claims(token, "access", "refresh")
        [(key, kept)] = cache.items()
        assert kept.token_type == kind
        assert len(key) == 32
        assert key not in token.encode()


def test_the_token_of_a_socket_is_not_cached(login: TokenPair, monkeypatch: pytest.MonkeyPatch) -> None:
    cache: dict[bytes, claims.Claims] = {}
    monkeypatch.setattr(claims, "_cache", cache)
    assert by_token(login.access).user_id
    assert not cache


def test_many_tokens_are_two_queries_and_each_has_its_own_answer(
    carol: User, login: TokenPair, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dave = User.objects.create_user("dave")
    gone = operations.open_login(user_id=str(dave.pk))
    over, second = (operations.open_login(user_id=str(carol.pk)) for _ in range(2))
    operations.end_login(refresh=over.refresh)
    User.objects.filter(pk=dave.pk).update(is_active=False)
    shown = [login.access, "a.b.c", over.access, gone.access, second.access, second.refresh]
    with django_assert_num_queries(2):
        answers = by_tokens(shown)
    said = [one.message if isinstance(one, DomainError) else one.user_id for one in answers]
    assert said == [str(carol.pk), MALFORMED, ENDED, ENDED, str(carol.pk), MALFORMED]
