"""Mark businesses whose changes must be recorded for webhooks. For all other businesses, webhooks cost nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import connection, transaction

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
    businesses = (
        Business.objects.all() if business_ids is None else Business.objects.filter(pk__in=business_ids)
    )
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
