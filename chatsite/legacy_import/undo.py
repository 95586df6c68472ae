"""Undo an import: remove exactly the imported rows, a group of conversations per transaction.

Imported messages are removed from a conversation only if no newer message follows them. Otherwise their removal would
leave a gap in `seq` below messages that people have seen. Such a conversation stays unchanged and is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, ProtectedError, Q

from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.models import LegacyImport, LegacyMade, LegacyRow
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.references import prevents_removal, referred_to
from chatsite.legacy_import.verify import conversation_pages
from conversations.models import Business, ChatMessage, Conversation, Membership, Side
from conversations.writing.conversation_change import change_conversations
from conversations.writing.imports import remove_conversations, remove_messages, rewrite
from notifications.inbox import lock_inboxes, save_inboxes
from notifications.models import Notification

_CONVERSATIONS: Final = 500  # of one transaction
_MESSAGES: Final = 2000  # of one statement
_NOTIFICATIONS: Final = 2000


@dataclass
class UndoReport:
    messages: int = 0
    notifications: int = 0
    conversations: int = 0  # created by the import and removed
    businesses: int = 0
    refused: list[UUID] = field(default_factory=list)  # somebody wrote after the import
    kept_businesses: list[UUID] = field(default_factory=list)  # created by the import, and in use


def undo(name: str, *, dry_run: bool, progress: Progress) -> UndoReport:
    """Undo the import of this old table. A killed run loses one transaction, and the next run continues."""
    undo_report = UndoReport()
    record = LegacyImport.objects.filter(source=name).first()
    if record is None:
        return undo_report
    if dry_run:
        return _dry_run(record)
    progress.total = record.messages + record.notifications
    with acquire_lock(name) as import_lock:
        for ids in conversation_pages(record, _CONVERSATIONS):
            progress.advance(_undo_conversations(import_lock, ids, undo_report))
        while count := _undo_notifications(import_lock, undo_report):
            progress.advance(count)
        _undo_businesses(import_lock, undo_report)
        if not LegacyRow.objects.filter(source=record).exists():
            import_lock.update(watermark_created="", watermark_id="", finished_at=None)
    progress.end()
    return undo_report


def _dry_run(record: LegacyImport) -> UndoReport:
    """Count what an undo would remove."""
    undo_report = UndoReport()
    for ids in conversation_pages(record, _CONVERSATIONS):
        imported = _imported(record, ids)
        found = list(Conversation.objects.filter(pk__in=ids))
        free = [one for one in found if _is_last(one, *imported.get(one.pk, (0, 0)))]
        undo_report.refused += sorted({one.pk for one in found} - {one.pk for one in free})
        undo_report.messages += sum(imported[one.pk][0] for one in free)
    undo_report.notifications = LegacyRow.objects.filter(source=record, conversation_id=None).count()
    return undo_report


# --- Conversations ----------------------------------------------------------------------------------------------------


def _undo_conversations(import_lock: ImportLock, ids: Sequence[UUID], undo_report: UndoReport) -> int:
    with change_conversations(ids) as change:
        locked = list(change.conversations.values())
        imported = _imported(import_lock.record, ids)
        free = [found for found in locked if _is_last(found, *imported.get(found.pk, (0, 0)))]
        free_ids = [found.pk for found in free]
        gone = set(ids) - change.conversations.keys()
        count = _delete_messages(import_lock.record, [*free_ids, *gone])
        left = _count_left(free_ids)
        removed = _remove_made(import_lock, [key for key in free_ids if key not in left])
        for found in free:
            if found.pk not in removed:
                last_seq, customer, business = left.get(found.pk, (0, 0, 0))
                rewrite(change, found, last_seq=last_seq, customer=customer, business=business)
        import_lock.add_counts(-count, 0)
    undo_report.messages += count
    undo_report.conversations += len(removed)
    undo_report.refused += sorted({found.pk for found in locked} - set(free_ids))
    return count


def _delete_messages(record: LegacyImport, conversation_ids: Sequence[UUID]) -> int:
    """Delete the imported messages of these conversations in pieces, because a conversation may be long."""
    rows = LegacyRow.objects.filter(source=record, conversation_id__in=conversation_ids)
    count = 0
    while piece := dict(rows.order_by("conversation_id").values_list("legacy_id", "object_id")[:_MESSAGES]):
        remove_messages(piece.values())
        LegacyRow.objects.filter(source=record, legacy_id__in=piece).delete()
        count += len(piece)
    return count


def _imported(record: LegacyImport, ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Return for each conversation the number of imported messages and the `seq` of the first."""
    sql = f"""
        SELECT m.conversation_id, count(*), min(m.seq) FROM {LegacyRow._meta.db_table} r
        JOIN {ChatMessage._meta.db_table} m ON m.id = r.object_id
        WHERE r.source_id = %s AND r.conversation_id IN ({", ".join(["%s"] * len(ids))})
        GROUP BY m.conversation_id"""
    convert = Conversation._meta.pk.get_db_prep_value
    with connection.cursor() as cursor:
        cursor.execute(sql, [record.pk, *(convert(key, connection) for key in ids)])
        rows = cursor.fetchall()
    return {key if isinstance(key, UUID) else UUID(key): (count, first) for key, count, first in rows}


def _is_last(conversation: Conversation, count: int, first: int) -> bool:
    """Return whether the imported messages are the conversation's last ones, without others between them."""
    return conversation.last_seq - first + 1 == count if count else True


def _count_left(ids: Sequence[UUID]) -> dict[UUID, tuple[int, int, int]]:
    """Return the number of remaining messages, and those unread by customer and business, of each conversation."""
    unread = Q(deleted_at=None, hidden_at=None) & ~Q(status="read")
    counted = (
        ChatMessage.objects.filter(conversation_id__in=ids)
        .order_by()
        .values("conversation_id")
        .annotate(
            held=Count("pk"),
            for_customer=Count("pk", filter=unread & Q(sender_side=Side.BUSINESS)),
            for_business=Count("pk", filter=unread & Q(sender_side=Side.CUSTOMER)),
        )
    )
    rows = counted.values_list("conversation_id", "held", "for_customer", "for_business")
    return {key: (held, for_customer, for_business) for key, held, for_customer, for_business in rows}


def _remove_made(import_lock: ImportLock, empty: Sequence[UUID]) -> set[UUID]:
    """Remove the empty conversations that the import created and that no other row refers to."""
    made = LegacyMade.objects.filter(
        source=import_lock.record, kind=LegacyMade.Kind.CONVERSATION, object_id__in=empty
    )
    ids = set(made.values_list("object_id", flat=True))
    # A hidden relation is of bookkeeping that goes with the conversation, unless it prevents the removal.
    ids -= referred_to(Conversation, ids, lambda relation: not relation.hidden or prevents_removal(relation))
    remove_conversations(ids)
    made.delete()
    return ids


# --- The rest ---------------------------------------------------------------------------------------------------------


def _undo_notifications(import_lock: ImportLock, undo_report: UndoReport) -> int:
    rows = LegacyRow.objects.filter(source=import_lock.record, conversation_id=None)
    with transaction.atomic():
        batch = dict(rows.order_by("legacy_id").values_list("legacy_id", "object_id")[:_NOTIFICATIONS])
        notifications = Notification.objects.filter(pk__in=batch.values())
        inboxes = lock_inboxes(set(notifications.order_by().values_list("recipient_id", flat=True)))
        count = notifications.delete()[0]
        for inbox in inboxes.values():  # makes clients fetch the list again
            inbox.rev += 1
            inbox.pruned_rev = inbox.rev
        save_inboxes(list(inboxes.values()))
        rows.filter(legacy_id__in=batch).delete()
        import_lock.add_counts(0, -len(batch))
    undo_report.notifications += count
    return len(batch)


def _undo_businesses(import_lock: ImportLock, undo_report: UndoReport) -> None:
    made = LegacyMade.objects.filter(source=import_lock.record, kind=LegacyMade.Kind.BUSINESS)
    for row in made:
        in_use = Membership.objects.filter(business_id=row.object_id).exists()
        try:
            with transaction.atomic():
                import_lock.update()
                if in_use:
                    raise ProtectedError("The business has members.", set())
                Business.objects.filter(pk=row.object_id).delete()
                row.delete()
        except ProtectedError:  # conversations hold it
            undo_report.kept_businesses.append(row.object_id)
        else:
            undo_report.businesses += 1
