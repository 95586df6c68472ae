"""Takes an import back: exactly the rows that it brought, a group of conversations in each transaction.

A conversation gives its imported rows back only while they are its last ones. Where somebody has written since, taking
them out would leave a hole in `seq` under messages that people have seen, so it is left as it is, and listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, ProtectedError, Q
from django.utils import timezone

from chatsite.legacy_import import conversation_rows
from chatsite.legacy_import.conversation_rows import ConversationRow
from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.models import LegacyImport, LegacyMade, LegacyRow
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.verify import conversation_pages
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations import events
from conversations.models import Business, ChatMessage, Conversation, Membership, Side
from conversations.writing.write_batch import preview
from notifications.inbox import lock_inboxes
from notifications.models import Notification

_CONVERSATIONS: Final = 500  # of one transaction
_MESSAGES: Final = 2000  # of one statement
_NOTIFICATIONS: Final = 2000


@dataclass
class UndoReport:
    messages: int = 0
    notifications: int = 0
    conversations: int = 0  # removed, since the import had made them
    businesses: int = 0
    refused: list[UUID] = field(default_factory=list)  # somebody wrote after the import
    kept_businesses: list[UUID] = field(default_factory=list)  # made by the import, and in use


def undo(name: str, *, dry_run: bool, progress: Progress) -> UndoReport:
    """Take back what was imported from this old table. A kill loses one transaction; the next run goes on."""
    undo_report = UndoReport()
    record = LegacyImport.objects.filter(source=name).first()
    if record is None:
        return undo_report
    if dry_run:
        return _foreseen(record)
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


def _foreseen(record: LegacyImport) -> UndoReport:
    """What an undo would do, counted only."""
    undo_report = UndoReport()
    for ids in conversation_pages(record, _CONVERSATIONS):
        imported = _imported(record, ids)
        found = conversation_rows.read(ids)
        free = [
            conversation
            for conversation in found
            if _is_last(conversation, *imported.get(conversation.id, (0, 0)))
        ]
        undo_report.refused += sorted({row.id for row in found} - {row.id for row in free})
        undo_report.messages += sum(imported[row.id][0] for row in free)
    undo_report.notifications = LegacyRow.objects.filter(source=record, conversation_id=None).count()
    return undo_report


# --- Conversations ----------------------------------------------------------------------------------------------------


def _undo_conversations(import_lock: ImportLock, ids: Sequence[UUID], undo_report: UndoReport) -> int:
    with transaction.atomic():
        locked = conversation_rows.lock(ids)
        imported = _imported(import_lock.record, ids)
        free = [
            conversation
            for conversation in locked
            if _is_last(conversation, *imported.get(conversation.id, (0, 0)))
        ]
        free_ids = [row.id for row in free]
        gone = set(ids) - {row.id for row in locked}
        count = _delete_messages(import_lock.record, [*free_ids, *gone])
        left = _count_left(free_ids)
        removed = _remove_made(import_lock, [row for row in free if row.id not in left])
        restored = [row for row in free if row.id not in removed]
        _restore_conversations(restored, left)
        _tell([row.id for row in restored])
        import_lock.add_counts(-count, 0)
    undo_report.messages += count
    undo_report.conversations += len(removed)
    undo_report.refused += sorted({row.id for row in locked} - set(free_ids))
    return count


def _delete_messages(record: LegacyImport, conversation_ids: Sequence[UUID]) -> int:
    """Delete the imported messages of these conversations, in pieces: one of them may be long."""
    rows = LegacyRow.objects.filter(source=record, conversation_id__in=conversation_ids)
    count = 0
    while piece := dict(rows.order_by("conversation_id").values_list("legacy_id", "object_id")[:_MESSAGES]):
        ChatMessage.objects.filter(pk__in=piece.values()).delete()
        LegacyRow.objects.filter(source=record, legacy_id__in=piece).delete()
        count += len(piece)
    return count


def _imported(record: LegacyImport, ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Of each conversation, how many imported messages it holds and the first one's `seq`."""
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


def _is_last(conversation: ConversationRow, count: int, first: int) -> bool:
    """Whether the imported messages are the last ones of the conversation, with no other among them."""
    return conversation.last_seq - first + 1 == count if count else True


def _count_left(ids: Sequence[UUID]) -> dict[UUID, tuple[int, int, int]]:
    """Of each conversation that still holds messages, how many, and how many are unread by customer and business."""
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


def _restore_conversations(
    restored: Sequence[ConversationRow], left: Mapping[UUID, tuple[int, int, int]]
) -> None:
    """Let the conversations tell of what is left.

    `rev` goes on, never back: a client that knows a higher one than the conversation has would miss what follows. That
    messages are gone is remembered with it, so that clients which have seen them fetch the conversation anew.
    """
    for conversation in restored:
        conversation.last_seq, conversation.customer_unread, conversation.business_unread = left.get(
            conversation.id, (0, 0, 0)
        )
        conversation.rev += 1
        conversation.rewritten_rev = conversation.rev
        conversation.updated_at = timezone.now()
        _restore_preview(conversation)
    if restored:
        conversation_rows.save(restored)


def _restore_preview(conversation: ConversationRow) -> None:
    last = (
        ChatMessage.objects.filter(conversation_id=conversation.id, seq=conversation.last_seq).first()
        if conversation.last_seq
        else None
    )
    if last is None:
        conversation.last_message, conversation.last_message_at, conversation.active_at = (
            "",
            None,
            conversation.created_at,
        )
        return
    gone = last.deleted_at or last.hidden_at
    conversation.last_message = "" if gone else preview(last.content)
    conversation.last_message_at = conversation.active_at = last.created_at


def _remove_made(import_lock: ImportLock, empty: Sequence[ConversationRow]) -> set[UUID]:
    """Remove the conversations that the import had made and that nothing else has come to hang on."""
    made = LegacyMade.objects.filter(
        source=import_lock.record,
        kind=LegacyMade.Kind.CONVERSATION,
        object_id__in=[row.id for row in empty],
    )
    ids = set(made.values_list("object_id", flat=True))
    for relation in Conversation._meta.related_objects:
        column = f"{relation.field.name}_id"
        others = relation.related_model._default_manager.filter(**{f"{column}__in": ids})
        ids -= set(others.values_list(column, flat=True))
    Conversation.objects.filter(pk__in=ids).delete()
    made.delete()
    return ids


def _tell(ids: Sequence[UUID]) -> None:
    """Open clients see a conversation that they have not reached, ask, and fetch anew."""
    changed = Conversation.objects.select_related("business", "customer").filter(pk__in=ids)
    broadcast_on_commit(events.conversations_updated(changed))


# --- The rest ---------------------------------------------------------------------------------------------------------


def _undo_notifications(import_lock: ImportLock, undo_report: UndoReport) -> int:
    rows = LegacyRow.objects.filter(source=import_lock.record, conversation_id=None)
    with transaction.atomic():
        batch = dict(rows.order_by("legacy_id").values_list("legacy_id", "object_id")[:_NOTIFICATIONS])
        notifications = Notification.objects.filter(pk__in=batch.values())
        inboxes = lock_inboxes(set(notifications.order_by().values_list("recipient_id", flat=True)))
        count = notifications.delete()[0]
        for inbox in inboxes.values():  # clients that have seen them fetch the list anew
            inbox.rev += 1
            inbox.pruned_rev = inbox.rev
        conversation_rows.save_inboxes(list(inboxes.values()))
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
