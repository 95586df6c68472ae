"""Read Django's session login for a socket, by the rules of `django.contrib.auth.get_user` but without writing.

Django's function may renew the session key, but a socket has no response that could set a new cookie. Sessions must be
in the database (engines `db` and `cached_db`), so that one query can check many of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chatsite.database.pipeline import among
from chatsite.identity.users import active_users, parse_user_key

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

_KEY = re.compile(r"[a-z0-9]{8,40}")


def session_key_in(header: str) -> str:
    """Return the session key in a Cookie header, or ""."""
    key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME, "")
    return key if _KEY.fullmatch(key) else ""


def signed_in_user(session_key: str) -> str | None:
    """Return the id of the session's active user, if any. Runs at most two queries."""
    session = _unexpired().filter(session_key=session_key).first() if session_key else None
    if session is None:
        return None
    content = session.get_decoded()
    user = get_user_model()._default_manager.filter(pk=_session_user_key(content), is_active=True).first()
    return str(user.pk) if user is not None and _signs_in(content, user) else None


def live_sessions(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the (session key, user id) pairs whose session is still live. Runs at most two queries."""
    if not pairs:
        return set()
    keys = among(Session._meta.pk, {key for key, _ in pairs})
    sessions = {row.session_key: row.get_decoded() for row in _unexpired().filter(session_key__in=keys)}
    users = active_users({_session_user_key(content) for content in sessions.values()} - {None})
    return {
        (key, user_id)
        for key, user_id in pairs
        if key in sessions and user_id in users and _signs_in(sessions[key], users[user_id])
    }


def _unexpired() -> Any:
    return Session.objects.filter(expire_date__gt=timezone.now())


def _session_user_key(content: dict[str, Any]) -> Any:
    return parse_user_key(content.get(SESSION_KEY))


def _signs_in(content: dict[str, Any], user: AbstractBaseUser) -> bool:
    """Return whether the session is valid for the user. Its hash covers the password, so a new password ends it."""
    given = content.get(HASH_SESSION_KEY, "")
    return (
        content.get(SESSION_KEY) == str(user.pk)
        and content.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and (
            constant_time_compare(given, user.get_session_auth_hash())
            or any(constant_time_compare(given, known) for known in user.get_session_auth_fallback_hash())
        )
    )
