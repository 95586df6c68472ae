"""Delete rows of expired logins and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from chatsite.identity.models import EndedLogin, RehashedPassword, UsedToken

if TYPE_CHECKING:
    from django.db.models import QuerySet

_BATCH = 1_000  # rows of one transaction, so that its locks are short


class Pruned(msgspec.Struct, frozen=True):
    """The numbers of deleted rows, or of rows that would be deleted."""

    ended_logins: int
    refresh_tokens: int
    used_tokens: int


def prune_logins(*, dry_run: bool = False) -> Pruned:
    """Delete expired rows of ended logins, refresh tokens with their blacklist entries, and used tickets and tokens."""
    now = timezone.now()
    logins = EndedLogin.objects.filter(expires_at__lte=now)
    rehashed = RehashedPassword.objects.filter(expires_at__lte=now)
    tokens: QuerySet[OutstandingToken] = OutstandingToken.objects.filter(expires_at__lte=now)
    used = UsedToken.objects.filter(expires_at__lte=now)
    if dry_run:
        return Pruned(logins.count(), tokens.count(), used.count())
    _delete(rehashed)
    return Pruned(_delete(logins), _delete(tokens), _delete(used))


def _delete(rows: QuerySet[Any]) -> int:
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        rows.model._default_manager.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted
