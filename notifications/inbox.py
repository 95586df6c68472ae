"""The lock under which a user's notifications change, and the numbers it gives out."""

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
    """The user's inbox, locked until the transaction ends; made if it is the first time."""
    return lock_inboxes([user_id])[user_id]


def lock_inboxes(user_ids: Iterable[UserId]) -> dict[UserId, Inbox]:
    """Lock several, in one order for everybody, so that two transactions cannot wait for each other.

    A transaction that tells several users locks all of them by this before it tells the first.
    """
    wanted = set(user_ids)
    # What is missing is made before anything is locked: who waits for another's insert must hold no lock of the order.
    missing = wanted - set(Inbox.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if missing:
        _make(missing)
    rows = Inbox.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    return {row.pk: row for row in rows}


def _make(user_ids: set[UserId]) -> None:
    users = get_user_model().objects.filter(pk__in=user_ids)
    if len(users.values_list("pk", flat=True)) < len(user_ids):
        raise not_found("user")
    Inbox.objects.bulk_create([Inbox(user_id=key) for key in sorted(user_ids)], ignore_conflicts=True)


def take_rev(inbox: Inbox) -> int:
    """The next rev of a locked inbox."""
    inbox.rev += 1
    inbox.save(update_fields=["rev"])
    return inbox.rev


def save_inboxes(inboxes: Iterable[Inbox]) -> None:
    """Write back the numbers of locked inboxes."""
    convert = converter(Inbox, "user_id")
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Inbox._meta.db_table} SET rev = %s, pruned_rev = %s WHERE user_id = %s",
            [(inbox.rev, inbox.pruned_rev, convert(inbox.pk)) for inbox in inboxes],
        )


def unread_rows(user_id: UserId) -> QuerySet[Notification]:
    return Notification.objects.filter(recipient_id=user_id, read_at=None, deleted_at=None).order_by()
