"""`prune_notifications` deletes old notifications in batches, and clients notice it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from notifications import queries
from notifications.models import Inbox, Notification
from notifications.operations import delete_notification, mark_read, notify
from tests.notifications.conftest import Town


def make(town: Town, title: str, days: int, *, read: bool = False, deleted: bool = False) -> None:
    key = notify(recipient_id=town.carol.pk, type="system", title=title).id
    if read:
        mark_read(user_id=town.carol.pk, notification_id=key)
    if deleted:
        delete_notification(user_id=town.carol.pk, notification_id=key)
    Notification.objects.filter(pk=key).update(created_at=timezone.now() - timedelta(days=days))


def prune(*arguments: str) -> str:
    out = StringIO()
    call_command("prune_notifications", *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def shelf(town: Town) -> Town:
    make(town, "old unread", 400)
    make(town, "unread", 100)
    make(town, "old read", 100, read=True)
    make(town, "read", 80, read=True)
    make(town, "old deleted", 100, deleted=True)
    return town


def left() -> list[str]:
    return list(Notification.objects.order_by("created_rev").values_list("title", flat=True))


def test_a_dry_run_only_counts(shelf: Town) -> None:
    assert prune("--dry-run") == "Would remove 2 read or deleted and 1 unread notifications."
    assert len(left()) == 5


def test_read_and_unread_have_ages_of_their_own(shelf: Town) -> None:
    assert prune() == "Removed 3 notifications."
    assert left() == ["unread", "read"]
    assert prune("--read-days", "10", "--unread-days", "10") == "Removed 2 notifications."


def test_batches(shelf: Town) -> None:
    assert prune("--batch", "1") == "Removed 3 notifications."
    assert left() == ["unread", "read"]


def test_a_client_with_a_higher_rev_fetches_again(shelf: Town) -> None:
    known = Inbox.objects.get(user=shelf.carol).rev
    prune()
    changes = queries.changes_after(shelf.carol.pk, str(known))
    assert changes.resync
    assert not queries.changes_after(shelf.carol.pk, str(changes.rev)).resync
    assert [row.title for row in queries.changes_after(shelf.carol.pk, None).changed] == ["unread", "read"]


def test_nothing_to_prune_changes_nothing(town: Town) -> None:
    make(town, "new", 1, read=True)
    assert prune() == "Removed 0 notifications."
    assert Inbox.objects.get(user=town.carol).pruned_rev == 0


@pytest.mark.parametrize("option", ["--read-days", "--unread-days", "--batch"])
def test_bad_options(db: None, option: str) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        prune(option, "0")
