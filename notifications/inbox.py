"""Lock a user's inbox and take its next `rev`. Every change of notifications holds this lock."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet

from chatsite.database.bulk_insert import converter
from chatsite.errors import not_found
from conversations.access import UserId
from notifications.models import Inbox, Notification


def lock_inbox(user_id: UserId) -> Inbox:
    """Lock the user's inbox until the transaction ends. Creates it if it does not exist."""
    return lock_inboxes([user_id])[user_id]


def lock_inboxes(user_ids: Iterable[UserId]) -> dict[UserId, Inbox]:
    """Lock several inboxes in a fixed order, so that transactions cannot deadlock.

    A transaction that notifies several users locks all their inboxes before it notifies the first.
    """
    wanted = set(user_ids)
    # Create missing inboxes before locking: a transaction that waits for another's insert must hold no inbox lock.
    missing = wanted - set(Inbox.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if missing:
        _create_missing(missing)
    rows = Inbox.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    return {row.pk: row for row in rows}


def _create_missing(user_ids: set[UserId]) -> None:
    users = get_user_model()._default_manager.filter(pk__in=user_ids)
    if len(users.values_list("pk", flat=True)) < len(user_ids):
        raise not_found("user")
    Inbox.objects.bulk_create([Inbox(user_id=key) for key in sorted(user_ids)], ignore_conflicts=True)


def take_rev(inbox: Inbox) -> int:
    """Take the next `rev` of a locked inbox."""
    inbox.rev += 1
    inbox.save(update_fields=["rev"])
    return inbox.rev


def save_inboxes(inboxes: Iterable[Inbox]) -> None:
    """Save the revisions of locked inboxes."""
    convert = converter(Inbox, "user_id")
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Inbox._meta.db_table} SET rev = %s, pruned_rev = %s WHERE user_id = %s",
            [(inbox.rev, inbox.pruned_rev, convert(inbox.pk)) for inbox in inboxes],
        )


def unread_rows(user_id: UserId) -> QuerySet[Notification]:
    return Notification.objects.filter(recipient_id=user_id, read_at=None, deleted_at=None).order_by()
