"""Tickets: what a browser puts on a WebSocket URL in place of a token. They work once, within 30 seconds.

A ticket is signed and says for whom it is; that it was used is kept in the cache, which all processes share. The key of
a cookie session is as good as a password, so it waits in the cache too and never stands in the ticket.
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
from chatsite.realtime.identity import Identity

logger = logging.getLogger(__name__)

LIFETIME: Final = 30  # seconds
MALFORMED: Final = "The ticket is not valid."
TICKET_EXPIRED: Final = "The ticket has expired."
USED: Final = "The ticket has been used already."

_SALT = "chatsite.identity.ticket"
_SHAPE = re.compile(r"[A-Za-z0-9_:-]{1,1024}")
_KEPT = 2 * LIFETIME  # seconds that the cache remembers a ticket; longer than it lives on any process's clock


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What is signed. `login_id` and `expires_at` are the access token's; None by a cookie session."""

    id: str
    user_id: str
    login_id: UUID | None
    expires_at: float | None
    password_tag: str = ""


def issue(identity: Identity) -> str:
    """A ticket for one socket of this identity. `DomainError` "unavailable" where the cache is needed and away."""
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
            raise _away(error) from error
    return signing.dumps(msgspec.to_builtins(ticket), salt=_SALT)


def redeem(text: str) -> Ticket:
    """Use the ticket up. `DomainError` "unauthenticated", or "unavailable" where nobody can tell if it was used."""
    ticket = _read(text)
    try:
        first_use = cache.add(f"ws-ticket:{ticket.id}", 1, _KEPT)
    except CACHE_AWAY as error:
        raise _away(error) from error
    if not first_use:
        raise unauthenticated(USED)
    return ticket


def take_session_key(ticket: Ticket) -> str:
    """The key of the session that the ticket was issued to, or "" where it is gone."""
    try:
        key: str = cache.get(_session_slot(ticket), "")
        cache.delete(_session_slot(ticket))
    except CACHE_AWAY as error:
        raise _away(error) from error
    return key


def _read(text: str) -> Ticket:
    if not _SHAPE.fullmatch(text):
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


def _away(error: Exception) -> DomainError:
    logger.warning("the cache is away, so tickets cannot be used: %s", error)
    return DomainError(
        "unavailable", "Tickets cannot be used at the moment. Please retry, or send the token."
    )
