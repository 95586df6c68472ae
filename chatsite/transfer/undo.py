"""Undo an import: its messages, conversations and businesses, and then the accounts that nobody uses.

No index has the senders of messages, because the site has no query by them. Without one, the deletion of each account
would read all messages, so the undo makes an index and drops it at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import ProtectedError, QuerySet, RestrictedError

from chatsite.database.temporary_index import drop_index, temporary_index
from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.models import ImportedAccount, LegacyImport
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.references import prevents_removal, referred_to
from chatsite.legacy_import.undo import UndoReport, undo
from conversations.models import ChatMessage, Membership

_ACCOUNTS: Final = 500  # of one transaction


@dataclass
class FullUndoReport:
    conversations: UndoReport
    accounts: int = 0
    kept_accounts: list[Any] = field(
        default_factory=list
    )  # they have written, signed in, or joined a team since, or other rows need them


def undo_import(name: str, *, dry_run: bool, progress: Progress) -> FullUndoReport:
    """Undo everything of this source. A killed run loses one transaction, and the next run continues."""
    report = FullUndoReport(undo(name, dry_run=dry_run, progress=progress))
    record = LegacyImport.objects.filter(source=name).first()
    if record is None or dry_run:
        return report
    with acquire_lock(name) as import_lock:
        index = f"imported_senders_{record.pk}"
        if ImportedAccount.objects.filter(source=record).exists():
            with temporary_index(index, ChatMessage, "sender_id"):
                _remove_all_accounts(import_lock, report)
        else:
            drop_index(index)  # of a run that was killed after the last account
    return report


def _remove_all_accounts(import_lock: ImportLock, report: FullUndoReport) -> None:
    after = 0
    rows = ImportedAccount.objects.filter(source=import_lock.record).order_by("pk")
    while page := dict(rows.filter(pk__gt=after).values_list("pk", "user_id")[:_ACCOUNTS]):
        _remove_accounts(import_lock, list(page.values()), report)
        after = max(page)


def _remove_accounts(import_lock: ImportLock, user_ids: Sequence[Any], report: FullUndoReport) -> None:
    with transaction.atomic():
        import_lock.update()
        users = get_user_model()._default_manager.filter(pk__in=user_ids)
        used = set(users.filter(last_login__isnull=False).values_list("pk", flat=True))
        used |= set(Membership.objects.filter(user_id__in=user_ids).values_list("user_id", flat=True))
        used |= referred_to(get_user_model(), user_ids, prevents_removal)
        used |= _delete(users, [key for key in user_ids if key not in used])
    report.accounts += len(user_ids) - len(used)
    report.kept_accounts += sorted(used, key=str)


def _delete(users: QuerySet[Any], keys: Sequence[Any]) -> set[Any]:
    """Delete the accounts. Return those that cannot be deleted, because of rows that a host project keeps."""
    if not keys:
        return set()
    try:
        with transaction.atomic():
            users.filter(pk__in=keys).delete()
    except (ProtectedError, RestrictedError):
        if len(keys) == 1:
            return set(keys)
        middle = len(keys) // 2
        return _delete(users, keys[:middle]) | _delete(users, keys[middle:])
    return set()
