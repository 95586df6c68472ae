"""Mark businesses whose changes must be recorded for webhooks. For all other businesses, webhooks cost nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from conversations.models import Business
from notifications.webhooks.models import Webhook

_LOCK: Final = 0x3EB_400  # any number that nothing else in the database uses


@transaction.atomic
def mark_recorded_businesses(business_ids: Collection[UUID] | None = None) -> None:
    """Mark businesses, or all of them, with whether their changes have to be recorded.

    Everybody who changes endpoints or marks holds one lock. So no mark is removed while another transaction creates an
    endpoint that needs it.
    """
    lock_marks()
    _mark(Business.objects.all() if business_ids is None else Business.objects.filter(pk__in=business_ids))


@transaction.atomic
def mark_new_businesses(business_ids: Collection[UUID]) -> None:
    """Mark businesses that have no mark yet, except while somebody else holds a lock.

    It runs after the COMMIT of a message, on a thread that writes for the whole site. A business without a mark counts
    as marked, and its next change tries again.
    """
    if _try_to_lock_marks():
        rows = Business.objects.filter(pk__in=business_ids, changes_recorded=None)
        free = list(rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        _mark(Business.objects.filter(pk__in=free))


def _mark(businesses: QuerySet[Business]) -> None:
    enabled = Webhook.objects.filter(enabled=True)
    if enabled.filter(business=None).exists():
        businesses.exclude(changes_recorded=True).update(changes_recorded=True)
        return
    owners = enabled.values("business_id")
    businesses.filter(pk__in=owners).exclude(changes_recorded=True).update(changes_recorded=True)
    businesses.exclude(pk__in=owners).exclude(changes_recorded=False).update(changes_recorded=False)


def lock_marks() -> None:
    """Held until the transaction ends. SQLite lets one transaction write at a time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _try_to_lock_marks() -> bool:
    """Return False at once if somebody else holds the lock."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])
