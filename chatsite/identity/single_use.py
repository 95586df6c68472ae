"""Credentials that work once. The database remembers the used ones, so emptying Redis makes none usable again."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from django.db import connection

from chatsite.identity.models import UsedToken

_INSERT: Final = (
    f"INSERT INTO {UsedToken._meta.db_table} (digest, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING"
)


def use_up(kind: str, token_id: str, *, expires_at: float) -> bool:
    """Mark the credential as used, and return whether this was its first use.

    One insert decides between concurrent uses. In a transaction, the second use waits for the first one's COMMIT, and
    a rollback makes the credential usable again. `prune_logins` deletes the row after `expires_at`.
    """
    digest = sha256(f"{kind}:{token_id}".encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [digest, datetime.fromtimestamp(expires_at, UTC)])
        first_use: bool = cursor.rowcount == 1
    return first_use
