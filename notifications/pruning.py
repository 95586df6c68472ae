"""Remove old notifications."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from conversations.access import UserId
from notifications.inbox import lock_inboxes, take_rev
from notifications.models import Notification


def prunable(*, read_before: datetime, unread_before: datetime) -> QuerySet[Notification]:
    """Read or deleted notifications created before `read_before`, and unread ones created before `unread_before`."""
    settled = Q(read_at__isnull=False) | Q(deleted_at__isnull=False)
    old = Q(created_at__lt=read_before) & settled | Q(created_at__lt=unread_before) & ~settled
    # The separate bound lets the database use the index on `created_at`.
    return Notification.objects.filter(old, created_at__lt=max(read_before, unread_before))


def count_prunable(*, read_before: datetime, unread_before: datetime) -> dict[str, int]:
    rows = prunable(read_before=read_before, unread_before=unread_before)
    settled = rows.filter(Q(read_at__isnull=False) | Q(deleted_at__isnull=False)).count()
    return {"read": settled, "unread": rows.count() - settled}


def prune(*, read_before: datetime, unread_before: datetime, batch: int) -> Iterator[int]:
    """Delete in batches, each in its own transaction. Yield the size of each batch."""
    rows = prunable(read_before=read_before, unread_before=unread_before).order_by("created_at")
    while found := list(rows.values_list("pk", "recipient_id")[:batch]):
        yield _prune_batch(found)


@transaction.atomic
def _prune_batch(found: list[tuple[UUID, UserId]]) -> int:
    """Delete one batch. Clients get no event per row: their next `sync` tells them to fetch the list again."""
    for inbox in lock_inboxes({recipient for _, recipient in found}).values():
        inbox.pruned_rev = take_rev(inbox)
        inbox.save(update_fields=["pruned_rev"])
    deleted, _ = Notification.objects.filter(pk__in=[key for key, _ in found]).delete()
    return deleted
