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
from chatsite.legacy_import.conversation_rows import Head
from chatsite.legacy_import.journal import Journal, hold
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
class Undone:
    messages: int = 0
    notifications: int = 0
    conversations: int = 0  # removed, since the import had made them
    businesses: int = 0
    refused: list[UUID] = field(default_factory=list)  # somebody wrote after the import
    kept_businesses: list[UUID] = field(default_factory=list)  # made by the import, and in use


def undo(name: str, *, dry_run: bool, progress: Progress) -> Undone:
    """Take back what was imported from this old table. A kill loses one transaction; the next run goes on."""
    undone = Undone()
    record = LegacyImport.objects.filter(source=name).first()
    if record is None:
        return undone
    if dry_run:
        return _foreseen(record)
    progress.total = record.messages + record.notifications
    with hold(name) as journal:
        for ids in conversation_pages(record, _CONVERSATIONS):
            progress.advance(_undo_conversations(journal, ids, undone))
        while count := _undo_notifications(journal, undone):
            progress.advance(count)
        _undo_businesses(journal, undone)
        if not LegacyRow.objects.filter(source=record).exists():
            journal.note(watermark_created="", watermark_id="", finished_at=None)
    progress.end()
    return undone


def _foreseen(record: LegacyImport) -> Undone:
    """What an undo would do, counted only."""
    undone = Undone()
    for ids in conversation_pages(record, _CONVERSATIONS):
        imported = _imported(record, ids)
        found = conversation_rows.read(ids)
        free = [head for head in found if _is_last(head, *imported.get(head.id, (0, 0)))]
        undone.refused += sorted({head.id for head in found} - {head.id for head in free})
        undone.messages += sum(imported[head.id][0] for head in free)
    undone.notifications = LegacyRow.objects.filter(source=record, conversation_id=None).count()
    return undone


# --- Conversations ----------------------------------------------------------------------------------------------------


def _undo_conversations(journal: Journal, ids: Sequence[UUID], undone: Undone) -> int:
    with transaction.atomic():
        locked = conversation_rows.lock(ids)
        imported = _imported(journal.record, ids)
        free = [head for head in locked if _is_last(head, *imported.get(head.id, (0, 0)))]
        free_ids = [head.id for head in free]
        gone = set(ids) - {head.id for head in locked}
        count = _delete_messages(journal.record, [*free_ids, *gone])
        left = _count_left(free_ids)
        removed = _remove_made(journal, [head for head in free if head.id not in left])
        restored = [head for head in free if head.id not in removed]
        _restore_heads(restored, left)
        _tell([head.id for head in restored])
        journal.note_moved(-count, 0)
    undone.messages += count
    undone.conversations += len(removed)
    undone.refused += sorted({head.id for head in locked} - set(free_ids))
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


def _is_last(head: Head, count: int, first: int) -> bool:
    """Whether the imported messages are the last ones of the conversation, with no other among them."""
    return head.last_seq - first + 1 == count if count else True


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


def _restore_heads(restored: Sequence[Head], left: Mapping[UUID, tuple[int, int, int]]) -> None:
    """Let the heads tell of what is left.

    `rev` goes on, never back: a client that knows a higher one than the conversation has would miss what follows. That
    messages are gone is remembered with it, so that clients which have seen them fetch the conversation anew.
    """
    for head in restored:
        head.last_seq, head.customer_unread, head.business_unread = left.get(head.id, (0, 0, 0))
        head.rev += 1
        head.rewritten_rev = head.rev
        head.updated_at = timezone.now()
        _restore_preview(head)
    if restored:
        conversation_rows.save(restored)


def _restore_preview(head: Head) -> None:
    last = (
        ChatMessage.objects.filter(conversation_id=head.id, seq=head.last_seq).first()
        if head.last_seq
        else None
    )
    if last is None:
        head.last_message, head.last_message_at, head.active_at = "", None, head.created_at
        return
    gone = last.deleted_at or last.hidden_at
    head.last_message = "" if gone else preview(last.content)
    head.last_message_at = head.active_at = last.created_at


def _remove_made(journal: Journal, empty: Sequence[Head]) -> set[UUID]:
    """Remove the conversations that the import had made and that nothing else has come to hang on."""
    made = LegacyMade.objects.filter(
        source=journal.record, kind=LegacyMade.Kind.CONVERSATION, object_id__in=[head.id for head in empty]
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
    """Open clients see a head that they have not reached, ask, and fetch anew."""
    changed = Conversation.objects.select_related("business", "customer").filter(pk__in=ids)
    broadcast_on_commit(events.conversations_updated(changed))


# --- The rest ---------------------------------------------------------------------------------------------------------


def _undo_notifications(journal: Journal, undone: Undone) -> int:
    rows = LegacyRow.objects.filter(source=journal.record, conversation_id=None)
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
        journal.note_moved(0, -len(batch))
    undone.notifications += count
    return len(batch)


def _undo_businesses(journal: Journal, undone: Undone) -> None:
    made = LegacyMade.objects.filter(source=journal.record, kind=LegacyMade.Kind.BUSINESS)
    for row in made:
        in_use = Membership.objects.filter(business_id=row.object_id).exists()
        try:
            with transaction.atomic():
                journal.note()
                if in_use:
                    raise ProtectedError("The business has members.", set())
                Business.objects.filter(pk=row.object_id).delete()
                row.delete()
        except ProtectedError:  # conversations hold it
            undone.kept_businesses.append(row.object_id)
        else:
            undone.businesses += 1
