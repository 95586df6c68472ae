"""Every change to who is signed in: one door each, keyword-only, one transaction.

Whatever ends logins or issues tokens first locks the user's row. So a refresh and a logout at the same time take turns,
and no token slips out between the two.
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
from chatsite.identity.users import user_key
from chatsite.observability.metrics import measures
from chatsite.realtime import groups
from chatsite.realtime.broadcast import broadcast_on_commit
from chatsite.realtime.revalidation import login_ended, user_ended

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

TOO_MANY: Final = "Too many failed logins for this account."
TOO_MANY_FROM_HERE: Final = "Too many logins from this address."

# Called with the user's primary key when the user is deactivated, inside the transaction and with the user locked. An
# app adds its own in `AppConfig.ready`.
user_deactivated: Final[list[Callable[[Any], None]]] = []

WRONG_CREDENTIALS: Final = "The username or the password is not right."


class TokenPair(msgspec.Struct, frozen=True):
    access: str
    refresh: str


def log_in(*, username: str, password: str, request: HttpRequest | None = None) -> TokenPair:
    """Open a login by password.

    An unknown user, a wrong password and an inactive user answer alike, "unauthenticated", and take alike: Django
    hashes the password in each case. After too many failures of the account, "rate_limited": the backend counts them.
    """
    return open_login(user_id=str(_checked(username, password, request).pk))


def sign_in(*, request: HttpRequest, username: str, password: str) -> User:
    """Open a session for the browser that sent the request; refused and counted as `log_in` over REST is."""
    if wait := attempt_from_address("login_address", request).wait:
        raise DomainError("rate_limited", TOO_MANY_FROM_HERE, {"retryAfter": round(wait, 3)})
    user = _checked(username, password, request)
    login(request, user)
    return user


def _checked(username: str, password: str, request: HttpRequest | None) -> User:
    user = authenticate(request, username=username, password=password)
    if user is None:
        measures.logins.add(1, "password", "refused")
        if wait := wait_of_account(username):
            raise DomainError("rate_limited", TOO_MANY, {"retryAfter": round(wait, 3)})
        raise unauthenticated(WRONG_CREDENTIALS)
    measures.logins.add(1, "password", "ok")
    return user


def sign_out(*, request: HttpRequest) -> None:
    """End the browser's session. Its live sockets are found without one and close within seconds."""
    logout(request)


@transaction.atomic
def open_login(*, user_id: str) -> TokenPair:
    """Tokens of a new login of an active user, without asking for a password."""
    user = _lock_user(user_id)
    if user is None or not user.is_active:
        raise unauthenticated(WRONG_CREDENTIALS)
    return _issue(user, uuid7())


@transaction.atomic
def rotate_login(*, refresh: str) -> TokenPair:
    """A fresh pair of the same login for a refresh token, which works once.

    Using one again is refused and no more: two tabs that refresh at once are no theft, and must not end the login.
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

    Any refresh token of the login will do, a used one too, so that a client that never got the answer may ask again.
    """
    claims = read_claims(refresh, "refresh")
    user = _lock_user(claims.user_id)
    if user is None:
        return  # deleted, and the logins with the user
    _blacklist(list(_unused_refresh_tokens(user).filter(jti=claims.token_id)))
    _record_ended(user, {claims.login_id})
    broadcast_on_commit([(groups.user(str(user.pk)), login_ended(str(claims.login_id)))])


@transaction.atomic
def end_user_sessions(*, user_id: str) -> None:
    """Sign the user out of every login by token, and close every live socket, those by cookie included.

    A browser's session cookie outlives this, unless the user is made inactive or the password changes. `not_found`
    where there is no such user.
    """
    _end_user_sessions(_locked(user_id))


@transaction.atomic
def deactivate_user(*, user_id: str) -> None:
    """Shut the user out: no login, no token, no cookie works until `reactivate_user`, and live sockets close now.

    Who may do so is the caller's to check. `not_found` where there is no such user.
    """
    user = _locked(user_id)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _end_user_sessions(user)
    for deactivated in user_deactivated:
        deactivated(user.pk)


@transaction.atomic
def reactivate_user(*, user_id: str) -> None:
    """Let the user log in again. Tokens from before stay dead. `not_found` where there is no such user."""
    user = _locked(user_id)
    user.is_active = True
    user.save(update_fields=["is_active"])


def _end_user_sessions(user: User) -> None:
    tokens = list(_unused_refresh_tokens(user))
    _blacklist(tokens)
    _record_ended(user, {login for token in tokens if (login := _login_of(token)) is not None})
    broadcast_on_commit([(groups.user(str(user.pk)), user_ended())])


def _lock_user(user_id: object) -> User | None:
    # NO KEY: inserts of rows that refer to the user, such as messages, need not wait.
    users = get_user_model()._default_manager.select_for_update(no_key=True, of=("self",))
    return users.filter(pk=user_key(user_id)).first()


def _locked(user_id: str) -> User:
    user = _lock_user(user_id)
    if user is None:
        raise not_found("user")
    return user


def _issue(user: User, login_id: UUID) -> TokenPair:
    refresh = RefreshToken()
    refresh[api_settings.USER_ID_CLAIM] = str(user.pk)
    refresh["login"] = str(login_id)
    refresh[CLAIM] = password_tag(user)
    # The row keeps a digest of the token, and the login in its `jti`: nothing in the database signs anybody in.
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
    """None for a token of before the `jti` began with the login's id. Such a token opens nothing any more."""
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
