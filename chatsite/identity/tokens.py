"""Identify the user of a token, ticket or cookie, and find logins that have ended. Writes nothing except used tickets.

Every failure is `DomainError` "unauthenticated" with one of four messages: not valid, expired, used, ended. Deleted
users, deactivated users and ended logins all get "ended", so that nobody can tell them apart.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import QuerySet
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from chatsite.database.pipeline import among, ask_among, pipelined
from chatsite.errors import DomainError
from chatsite.identity import cookies, tickets
from chatsite.identity.api_keys import identities_of, is_api_key, live_key_ids
from chatsite.identity.claims import read_claims, unauthenticated
from chatsite.identity.models import EndedLogin
from chatsite.identity.password_tags import is_current
from chatsite.identity.users import ask_active_users, ask_user, parse_user_key
from chatsite.realtime.identity import Identity

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ENDED: Final = "The login has ended. Please sign in again."
USED: Final = "The token has been used already."

_BATCH = 10_000  # identities of one query; databases bound the parameters of a statement


def live_user(user_id: object, login_id: UUID, tag: str) -> User:
    """Return the active user of a live login whose token has this password tag. Runs two queries in one round trip."""
    with pipelined():
        read_user, read_over = ask_user(parse_user_key(user_id)), ask_among(_over, [login_id])
        user, is_over = read_user(), bool(read_over())
    if user is None or not user.is_active or is_over or not is_current(tag, user):
        raise unauthenticated(ENDED)
    return user


def by_tokens(tokens: list[str]) -> list[Identity | DomainError]:
    """Return the identity or the error of each access token. Runs two queries for any number of tokens."""
    keys = identities_of([token for token in tokens if is_api_key(token)])
    shown = [keys[token] if token in keys else _read_identity(token) for token in tokens]
    gone = ended([identity for identity in shown if isinstance(identity, Identity)])
    return [unauthenticated(ENDED) if identity in gone else identity for identity in shown]


def _read_identity(token: str) -> Identity | DomainError:
    """Read the identity in the token. Its login may have ended."""
    try:
        claims = read_claims(token, "access", cache=False)
    except DomainError as refusal:
        return refusal
    key = parse_user_key(claims.user_id)
    if key is None:
        return unauthenticated(ENDED)
    expires_at = float(claims.expires_at)
    return Identity(str(key), str(claims.login_id), expires_at, password_tag=claims.password_tag)


def by_ticket(ticket: str) -> Identity:
    """Return the identity of a ticket and use it up.

    Raise "unavailable" if the ticket is of a cookie session and the cache cannot be asked.
    """
    content = tickets.redeem(ticket)
    if content.login_id is not None:
        tag = content.password_tag
        user = live_user(content.user_id, content.login_id, tag)
        return Identity(str(user.pk), str(content.login_id), content.expires_at, "ticket", password_tag=tag)
    session_key = tickets.take_session_key(content)
    user_id = cookies.signed_in_user(session_key)
    if user_id != content.user_id:
        raise unauthenticated(ENDED)
    return Identity(user_id, "", None, "ticket", session_key)


def by_cookie(header: str) -> Identity | None:
    """Return the identity of the session in a Cookie header, or None without a live session of an active user."""
    session_key = cookies.session_key_in(header)
    user_id = cookies.signed_in_user(session_key)
    return None if user_id is None else Identity(user_id, "", None, "cookie", session_key)


def verify(token: str) -> None:
    """Raise `DomainError` "unauthenticated" unless the access or refresh token is valid now."""
    claims = read_claims(token, "access", "refresh")
    live_user(claims.user_id, claims.login_id, claims.password_tag)
    if BlacklistedToken.objects.filter(token__jti=claims.token_id).exists():
        raise unauthenticated(USED)


def ended(identities: list[Identity]) -> set[Identity]:
    """Return the identities that have lost their user, login or session, or whose password has changed.

    Runs at most five queries for every 10,000 identities.
    """
    gone: set[Identity] = set()
    for start in range(0, len(identities), _BATCH):
        gone |= _ended(identities[start : start + _BATCH])
    return gone


def _ended(identities: list[Identity]) -> set[Identity]:
    with pipelined():
        read_users = ask_active_users({parse_user_key(identity.user_id) for identity in identities} - {None})
        read_over = ask_among(
            _over, {UUID(identity.login_id) for identity in identities if identity.login_id}
        )
        users, logins = read_users(), {str(login_id) for (login_id,) in read_over()}
    keys = live_key_ids({identity.key_id for identity in identities if identity.key_id})
    sessions = cookies.live_sessions(
        {(identity.session_key, identity.user_id) for identity in identities if identity.session_key}
    )
    return {
        identity
        for identity in identities
        if identity.user_id not in users
        or (identity.key_id and identity.key_id not in keys)
        or identity.login_id in logins
        or (identity.login_id and not is_current(identity.password_tag, users[identity.user_id]))
        or (identity.session_key and (identity.session_key, identity.user_id) not in sessions)
    }


def _over(login_ids: Collection[UUID]) -> QuerySet[Any, Any]:
    ended = EndedLogin.objects.filter(login_id__in=among(EndedLogin._meta.pk, login_ids))
    return ended.order_by().values_list("login_id")
