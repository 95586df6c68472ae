"""Every change of logins. Each operation is one transaction.

An operation that ends logins or issues tokens locks the user's row first. So a concurrent refresh and logout run one
after the other, and no token is issued after the logout.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import msgspec
from django.contrib.auth import authenticate, get_user_model, login, logout
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch
from uuid_utils.compat import uuid7

from chatsite.errors import DomainError, not_found
from chatsite.identity.claims import Claims, read_claims, unauthenticated
from chatsite.identity.models import EndedLogin
from chatsite.identity.password_tags import CLAIM, is_current, password_tag
from chatsite.identity.throttles import attempt_from_address, wait_of_account
from chatsite.identity.tokens import ENDED, USED
from chatsite.identity.users import parse_user_key
from chatsite.observability.metrics import measures
from chatsite.realtime import groups
from chatsite.realtime.broadcast import broadcast_on_commit
from chatsite.realtime.revalidation import login_ended, user_ended

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

TOO_MANY_FOR_ACCOUNT: Final = "Too many failed logins for this account. Please try again later."
TOO_MANY_FROM_ADDRESS: Final = "Too many login attempts from this address. Please try again later."

# Called with the user's primary key when the user is deactivated, inside the transaction and with the user locked. An
# app adds its own in `AppConfig.ready`.
user_deactivated: Final[list[Callable[[Any], None]]] = []

WRONG_CREDENTIALS: Final = "The username or password is incorrect."


class TokenPair(msgspec.Struct, frozen=True):
    access: str
    refresh: str


def log_in(*, username: str, password: str, request: HttpRequest | None = None) -> TokenPair:
    """Open a login by password.

    An unknown user, a wrong password and an inactive user all raise "unauthenticated" after the same time, because
    Django hashes the password in each case. After too many failures this raises "rate_limited"; the backend counts.
    """
    return open_login(user_id=str(_check_password(username, password, request).pk))


def sign_in(*, request: HttpRequest, username: str, password: str) -> User:
    """Open a session for the browser that sent the request, with the errors and limits of `log_in`."""
    if wait := attempt_from_address("login_address", request).wait:
        raise DomainError("rate_limited", TOO_MANY_FROM_ADDRESS, {"retryAfter": round(wait, 3)})
    user = _check_password(username, password, request)
    login(request, user)
    return user


def _check_password(username: str, password: str, request: HttpRequest | None) -> User:
    user = authenticate(request, username=username, password=password)
    if user is None:
        measures.logins.add(1, "password", "refused")
        if wait := wait_of_account(username):
            raise DomainError("rate_limited", TOO_MANY_FOR_ACCOUNT, {"retryAfter": round(wait, 3)})
        raise unauthenticated(WRONG_CREDENTIALS)
    measures.logins.add(1, "password", "ok")
    return user


def sign_out(*, request: HttpRequest) -> None:
    """End the browser's session. Its live sockets close within seconds, at their next check."""
    logout(request)


@transaction.atomic
def open_login(*, user_id: str) -> TokenPair:
    """Open a login of an active user without checking a password. Return its tokens."""
    user = _lock_user(user_id)
    if user is None or not user.is_active:
        raise unauthenticated(WRONG_CREDENTIALS)
    return _issue(user, uuid7())


@transaction.atomic
def rotate_login(*, refresh: str) -> TokenPair:
    """Exchange a refresh token for a new pair of the same login. A refresh token works once.

    A second use is rejected but does not end the login, because two tabs may refresh at the same time.
    """
    claims = read_claims(refresh, "refresh")
    user = _lock_user(claims.user_id)
    if user is None or not _may_refresh(user, claims):
        measures.logins.add(1, "refresh", "refused")
        raise unauthenticated(ENDED)
    outstanding = _unused_refresh_tokens(user).filter(jti=claims.token_id).first()
    if outstanding is None:
        measures.logins.add(1, "refresh", "refused")
        raise unauthenticated(USED)
    BlacklistedToken.objects.create(token=outstanding)
    measures.logins.add(1, "refresh", "ok")
    return _issue(user, claims.login_id)


def _may_refresh(user: User, claims: Claims) -> bool:
    has_ended = EndedLogin.objects.filter(login_id=claims.login_id).exists()
    return user.is_active and is_current(claims.password_tag, user) and not has_ended


@transaction.atomic
def end_login(*, refresh: str) -> None:
    """Log out: end the login of a refresh token, with all its tokens and live sockets.

    Any refresh token of the login is accepted, also a used one, so that a client can retry after a lost response.
    """
    claims = read_claims(refresh, "refresh")
    user = _lock_user(claims.user_id)
    if user is None:
        return  # the user was deleted together with all logins
    _blacklist(list(_unused_refresh_tokens(user).filter(jti=claims.token_id)))
    _record_ended(user, {claims.login_id})
    broadcast_on_commit([(groups.user(str(user.pk)), login_ended(str(claims.login_id)))])


@transaction.atomic
def end_user_sessions(*, user_id: str) -> None:
    """End every token login of the user, and close all live sockets, also those opened with a session cookie.

    Session cookies stay valid until the user becomes inactive or changes the password. Raise `not_found` if there is no
    such user.
    """
    _end_user_sessions(_lock_existing_user(user_id))


@transaction.atomic
def deactivate_user(*, user_id: str) -> None:
    """Make the user inactive: reject logins, tokens and cookies until `reactivate_user`, and close live sockets.

    The caller checks permissions. Raise `not_found` if there is no such user.
    """
    user = _lock_existing_user(user_id)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _end_user_sessions(user)
    for deactivated in user_deactivated:
        deactivated(user.pk)


@transaction.atomic
def reactivate_user(*, user_id: str) -> None:
    """Let the user log in again. Earlier tokens stay invalid. Raise `not_found` if there is no such user."""
    user = _lock_existing_user(user_id)
    user.is_active = True
    user.save(update_fields=["is_active"])


def _end_user_sessions(user: User) -> None:
    tokens = list(_unused_refresh_tokens(user))
    _blacklist(tokens)
    _record_ended(user, {login for token in tokens if (login := _login_of(token)) is not None})
    broadcast_on_commit([(groups.user(str(user.pk)), user_ended())])


def _lock_user(user_id: object) -> User | None:
    # NO KEY does not block inserts of rows that refer to the user, such as messages.
    users = get_user_model()._default_manager.select_for_update(no_key=True, of=("self",))
    return users.filter(pk=parse_user_key(user_id)).first()


def _lock_existing_user(user_id: str) -> User:
    user = _lock_user(user_id)
    if user is None:
        raise not_found("user")
    return user


def _issue(user: User, login_id: UUID) -> TokenPair:
    refresh = RefreshToken()
    refresh[api_settings.USER_ID_CLAIM] = str(user.pk)
    refresh["login"] = str(login_id)
    refresh[CLAIM] = password_tag(user)
    # The row stores a digest of the token and, in `jti`, the login's id. Neither can be used to sign in.
    refresh[api_settings.JTI_CLAIM] = f"{login_id.hex}-{uuid4().hex}"
    OutstandingToken.objects.create(
        user=user,
        jti=refresh[api_settings.JTI_CLAIM],
        token=sha256(str(refresh).encode()).hexdigest(),
        created_at=refresh.current_time,
        expires_at=datetime_from_epoch(refresh["exp"]),
    )
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def _unused_refresh_tokens(user: User) -> QuerySet[OutstandingToken]:
    used = BlacklistedToken.objects.filter(token=OuterRef("pk"))
    tokens: QuerySet[OutstandingToken] = OutstandingToken.objects.filter(
        ~Exists(used), user=user, expires_at__gt=timezone.now()
    )
    return tokens


def _blacklist(tokens: list[OutstandingToken]) -> None:
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in tokens], ignore_conflicts=True
    )


def _login_of(token: OutstandingToken) -> UUID | None:
    """Return the login's id in the `jti`. Older tokens have none and are no longer accepted."""
    login, dash, _ = token.jti.partition("-")
    return UUID(login) if dash else None


def _record_ended(user: User, login_ids: set[UUID]) -> None:
    now = timezone.now()
    lifetime: timedelta = max(api_settings.REFRESH_TOKEN_LIFETIME, api_settings.ACCESS_TOKEN_LIFETIME)
    rows = [
        EndedLogin(login_id=login_id, user=user, ended_at=now, expires_at=now + lifetime)
        for login_id in login_ids
    ]
    EndedLogin.objects.bulk_create(rows, ignore_conflicts=True)
