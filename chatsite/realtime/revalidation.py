"""Holds live sockets against the truth every two seconds.

Logouts, deactivated users and removed members are told to the sockets at once by an order; this is for what no order
announced (a lost event, a row changed by hand) and for tokens that end by themselves.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.conf import settings

from chatsite.database.threads import in_database_thread
from chatsite.realtime import registry
from chatsite.realtime.events import Event, ExpiringEvent
from chatsite.realtime.runtime import Runtime
from chatsite.realtime.session import Session
from chatsite.realtime.transport import Close

END_USER = "~end_user"  # every socket of the user
END_LOGIN = "~end_login"  # the sockets of one login; data is its id as JSON text


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
    elif not session.warned and expires_at - now <= settings.CHAT.expiry_warning_seconds:
        session.warned = True
        session.send("session_expiring", ExpiringEvent(expires_at=datetime.fromtimestamp(expires_at, UTC)))


def end_user(session: Session, event: Event) -> None:
    session.close_soon(Close.UNAUTHENTICATED, "signed out")


def end_login(session: Session, event: Event) -> None:
    if session.identity is not None and event.note == [session.identity.login_id]:
        session.close_soon(Close.UNAUTHENTICATED, "signed out")


registry.started.append(start)
registry.orders[END_USER] = end_user
registry.orders[END_LOGIN] = end_login
