"""Undo an import: its messages, conversations and businesses, and then the accounts that nobody uses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction

from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.models import ImportedAccount, LegacyImport
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.undo import UndoReport, undo
from conversations.models import ChatMessage, Conversation, Membership

_ACCOUNTS: Final = 500  # of one transaction


@dataclass
class FullUndoReport:
    conversations: UndoReport
    accounts: int = 0
    kept_accounts: list[Any] = field(
        default_factory=list
    )  # they have written, signed in, or joined a team since


def undo_import(name: str, *, dry_run: bool, progress: Progress) -> FullUndoReport:
    """Undo everything of this source. A killed run loses one transaction, and the next run continues."""
    report = FullUndoReport(undo(name, dry_run=dry_run, progress=progress))
    record = LegacyImport.objects.filter(source=name).first()
    if record is None or dry_run:
        return report
    with acquire_lock(name) as import_lock:
        after = 0
        rows = ImportedAccount.objects.filter(source=record).order_by("pk")
        while page := dict(rows.filter(pk__gt=after).values_list("pk", "user_id")[:_ACCOUNTS]):
            _remove_accounts(import_lock, page.values(), report)
            after = max(page)
    return report


def _remove_accounts(import_lock: ImportLock, user_ids: Collection[Any], report: FullUndoReport) -> None:
    with transaction.atomic():
        import_lock.update()
        users = get_user_model()._default_manager.filter(pk__in=user_ids)
        used = set(users.filter(last_login__isnull=False).values_list("pk", flat=True))
        used |= set(Membership.objects.filter(user_id__in=user_ids).values_list("user_id", flat=True))
        customers = Conversation.objects.filter(customer_id__in=user_ids).order_by()
        used |= set(customers.values_list("customer_id", flat=True))
        senders = ChatMessage.objects.filter(sender_id__in=user_ids).order_by()
        used |= set(senders.values_list("sender_id", flat=True).distinct())
        free = [key for key in user_ids if key not in used]
        users.filter(pk__in=free).delete()
    report.accounts += len(free)
    report.kept_accounts += sorted(used, key=str)
