"""Tickets: a browser puts one on a WebSocket URL instead of a token. A ticket works once, within 30 seconds.

A ticket is signed and names its user. The database remembers used tickets. The key of a cookie session is a
credential, so the ticket does not contain it; the cache stores it until the ticket is used.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Final
from uuid import UUID

import msgspec
from django.core import signing
from django.core.cache import cache

from chatsite.errors import DomainError
from chatsite.identity.cache import CACHE_AWAY
from chatsite.identity.claims import EXPIRED, unauthenticated
from chatsite.identity.single_use import use_up
from chatsite.realtime.identity import Identity

logger = logging.getLogger(__name__)

LIFETIME: Final = 30  # seconds
MALFORMED: Final = "The ticket is not valid."
TICKET_EXPIRED: Final = "The ticket has expired."
USED: Final = "The ticket has been used already."

_SALT = "chatsite.identity.ticket"
_TICKET = re.compile(r"[A-Za-z0-9_:-]{1,1024}")
_KEPT = 2 * LIFETIME  # seconds for which a ticket is remembered, with a margin for clock differences


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """The signed content. `login_id` and `expires_at` are those of the access token; None for a cookie session."""

    id: str
    user_id: str
    login_id: UUID | None
    expires_at: float | None
    password_tag: str = ""


def issue(identity: Identity) -> str:
    """Issue a ticket for one socket. Raise `DomainError` "unavailable" if the cache is needed and cannot be reached."""
    ticket = Ticket(
        id=secrets.token_urlsafe(16),
        user_id=identity.user_id,
        login_id=UUID(identity.login_id) if identity.login_id else None,
        expires_at=identity.expires_at,
        password_tag=identity.password_tag,
    )
    if ticket.login_id is None:
        try:
            cache.set(_session_slot(ticket), identity.session_key, _KEPT)
        except CACHE_AWAY as error:
            raise _unavailable(error) from error
    return signing.dumps(msgspec.to_builtins(ticket), salt=_SALT)


def redeem(text: str) -> Ticket:
    """Use up the ticket, or raise "unauthenticated"."""
    ticket = _read(text)
    if not use_up("ticket", ticket.id, expires_at=time.time() + _KEPT):
        raise unauthenticated(USED)
    return ticket


def take_session_key(ticket: Ticket) -> str:
    """Return and forget the session key of a ticket, or "" if the cache no longer has it."""
    try:
        key: str = cache.get(_session_slot(ticket), "")
        cache.delete(_session_slot(ticket))
    except CACHE_AWAY as error:
        raise _unavailable(error) from error
    return key


def _read(text: str) -> Ticket:
    if not _TICKET.fullmatch(text):
        raise unauthenticated(MALFORMED)
    try:
        ticket = msgspec.convert(signing.loads(text, salt=_SALT, max_age=LIFETIME), Ticket)
    except signing.SignatureExpired as error:
        raise unauthenticated(TICKET_EXPIRED) from error
    except signing.BadSignature as error:
        raise unauthenticated(MALFORMED) from error
    if ticket.expires_at is not None and ticket.expires_at <= time.time():
        raise unauthenticated(EXPIRED)
    return ticket


def _session_slot(ticket: Ticket) -> str:
    return f"ws-ticket-session:{ticket.id}"


def _unavailable(error: Exception) -> DomainError:
    logger.warning("the cache cannot be reached, so tickets cannot be used: %s", error)
    return DomainError(
        "unavailable", "Tickets cannot be used at the moment. Please retry, or send the token."
    )
