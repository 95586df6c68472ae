"""Close live sockets whose login, user or token has ended.

After a logout or the deactivation of a user, a control message closes the sockets at once. In addition, all sockets are
checked against the database every two seconds, because a control message may be lost, a row may be changed by hand, and
tokens expire.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

import msgspec
from django.conf import settings

from chatsite.database.threads import in_database_thread
from chatsite.realtime import registry
from chatsite.realtime.events import Event, ExpiringEvent
from chatsite.realtime.interfaces import Runtime, Session
from chatsite.realtime.transport import Close

END_USER: Final = "~end_user"
END_LOGIN: Final = "~end_login"


class LoginEnd(msgspec.Struct):
    login_id: str


def user_ended() -> Event:
    """Return a control message that closes every socket of its group's user."""
    return Event(END_USER, b"null")


def login_ended(login_id: str) -> Event:
    """Return a control message that closes the sockets of one login."""
    return Event.of(END_LOGIN, LoginEnd(login_id))


def start(runtime: Runtime) -> None:
    runtime.spawn_forever("revalidation", settings.CHAT.revalidate_seconds, lambda: revalidate(runtime))


async def revalidate(runtime: Runtime) -> None:
    now = time.time()
    for session in list(runtime.sessions):
        _check_expiry(session, now)
    identities = [session.identity for session in runtime.sessions if session.identity is not None]
    if not identities:
        return
    ended = await in_database_thread(registry.get_authentication().ended, identities)
    for session in list(runtime.sessions):
        if session.identity in ended:
            session.close_soon(Close.UNAUTHENTICATED, "signed out")


def _check_expiry(session: Session, now: float) -> None:
    expires_at = session.identity.expires_at if session.identity else None
    if expires_at is None:
        return
    if expires_at <= now:
        session.close_soon(Close.UNAUTHENTICATED, "the access token has expired")
    elif not session.expiry_warned and expires_at - now <= settings.CHAT.expiry_warning_seconds:
        session.expiry_warned = True
        session.send("session_expiring", ExpiringEvent(expires_at=datetime.fromtimestamp(expires_at, UTC)))


def end_user(session: Session, message: Event) -> None:
    session.close_soon(Close.UNAUTHENTICATED, "signed out")


def end_login(session: Session, message: Event) -> None:
    if session.identity is not None and message.data_as(LoginEnd).login_id == session.identity.login_id:
        session.close_soon(Close.UNAUTHENTICATED, "signed out")


registry.started.append(start)
registry.control_handlers[END_USER] = end_user
registry.control_handlers[END_LOGIN] = end_login
