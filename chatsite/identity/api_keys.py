"""API keys: create them, and recognise them by their digest. A key is shown once.

A key is `bck_` and 32 random bytes. It has so much entropy that a plain digest keeps it as well as a slow hash would,
and is looked up in one query.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from chatsite.errors import DomainError
from chatsite.identity.claims import unauthenticated
from chatsite.identity.models import ApiKey
from chatsite.realtime.identity import Identity, missing_scope

PREFIX: Final = "bck_"
HINT_LENGTH: Final = 10
SCOPES: Final = ("contacts:read", "conversations:write", "messages:read", "messages:write")
SOCKET_SCOPE: Final = "messages:read"  # a socket receives every message
ENDED: Final = "The API key has been revoked, has expired, or never existed."
USE_NOTED_EVERY: Final = timedelta(minutes=1)


def is_api_key(token: str) -> bool:
    return token.startswith(PREFIX)


def make_key(
    *, user_id: Any, name: str, scopes: Collection[str], expires_at: datetime | None, created_by_id: Any
) -> tuple[ApiKey, str]:
    """Create a key. Return its row, and the key itself, which nobody can read again."""
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        digest=_digest(key),
        hint=key[:HINT_LENGTH],
        name=name,
        user_id=user_id,
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        created_by_id=created_by_id,
    )
    return row, key


def live_keys(keys: Collection[str]) -> dict[str, ApiKey]:
    """Return the live ones among these keys, with their users. One query, and one more where a use is noted."""
    if not keys:  # most sockets have none, and Django would build the query in vain
        return {}
    digests = {_digest(key): key for key in keys}
    found = _live().select_related("user").filter(digest__in=digests)
    rows = {digests[row.digest]: row for row in found if row.user.is_active}
    _note_use(rows.values())
    return rows


def find_live_key(key: str) -> ApiKey:
    row = live_keys([key]).get(key)
    if row is None:
        raise unauthenticated(ENDED)
    return row


def identities_of(keys: Collection[str]) -> dict[str, Identity | DomainError]:
    """Return who opens a socket by each of these keys, or why nobody does."""
    rows = live_keys(keys)
    return {key: _identity(rows[key]) if key in rows else unauthenticated(ENDED) for key in keys}


def _identity(row: ApiKey) -> Identity | DomainError:
    if SOCKET_SCOPE not in row.scopes:
        return DomainError("forbidden", missing_scope(SOCKET_SCOPE))
    expires_at = None if row.expires_at is None else row.expires_at.timestamp()
    return Identity(str(row.user_id), "", expires_at, "key", key_id=str(row.pk), scopes=frozenset(row.scopes))


def live_key_ids(ids: Collection[str]) -> set[str]:
    if not ids:
        return set()
    return {str(key) for key in _live().filter(pk__in=[int(key) for key in ids]).values_list("pk", flat=True)}


def _live() -> QuerySet[ApiKey]:
    in_date = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiKey.objects.filter(in_date, revoked_at=None)


def _note_use(rows: Collection[ApiKey]) -> None:
    now = timezone.now()
    stale = [row.pk for row in rows if row.last_used_at is None or now - row.last_used_at > USE_NOTED_EVERY]
    if stale:
        ApiKey.objects.filter(pk__in=stale).update(last_used_at=now)


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "replace")).hexdigest()
