"""Store a batch of planned messages, and the records that they are stored, in one transaction.

Imported messages are appended: each takes the next `seq` and `rev` of its conversation. No event is published; clients
find the messages by `rev`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from chatsite.database.bulk_insert import bulk_insert
from chatsite.legacy_import.batch_writer import (
    ROW_COLUMNS,
    lock_conversations,
    make_businesses,
    retry_after_deadlock,
)
from chatsite.legacy_import.import_lock import ImportLock
from chatsite.legacy_import.models import LegacyRow
from chatsite.transfer.plan import PlannedMessage
from conversations.attachment_objects import attachments_as_json, stored_attachment
from conversations.models import Attachment, Business, Conversation, MessageEdit
from conversations.writing.attachment_claims import ask_attachments, message_type_of
from conversations.writing.conversation_change import ConversationChange, change_conversations
from conversations.writing.imports import append_imported

Stored = Mapping[str, Sequence[UUID]]  # attachments that have been stored for a message of the source


def write_batch(
    import_lock: ImportLock, planned: Sequence[PlannedMessage], made: Sequence[Business], stored: Stored
) -> None:
    retry_after_deadlock(partial(_write_once, import_lock, planned, made, stored))


def _write_once(
    import_lock: ImportLock, planned: Sequence[PlannedMessage], made: Sequence[Business], stored: Stored
) -> None:
    with change_conversations(announce=False) as change:
        import_lock.add_counts(len(planned), 0)
        make_businesses(import_lock, made)
        if planned:
            _write_messages(import_lock, change, planned, stored)


def _write_messages(
    import_lock: ImportLock, change: ConversationChange, planned: Sequence[PlannedMessage], stored: Stored
) -> None:
    conversations = lock_conversations(import_lock, change, planned)
    attachments = ask_attachments([key for keys in stored.values() for key in keys])()
    placed = _known_places(import_lock, planned)
    rows: list[tuple[Any, ...]] = []
    edits: list[MessageEdit] = []
    for plan in planned:
        conversation = conversations[plan.business_id, plan.customer_id]
        files = [attachments[key] for key in stored.get(plan.source_id, ())]
        key = _append(change, conversation, plan, files, placed)
        placed[plan.source_id] = key, conversation.pk
        rows.append((import_lock.record.pk, plan.source_id, key, conversation.pk))
        edits += [
            MessageEdit(message_id=key, content=edit.content, replaced_at=edit.replaced_at)
            for edit in plan.edits
        ]
    MessageEdit.objects.bulk_create(edits)
    bulk_insert(LegacyRow, ROW_COLUMNS, rows)


def _known_places(
    import_lock: ImportLock, planned: Sequence[PlannedMessage]
) -> dict[str, tuple[UUID, UUID | None]]:
    """Return the messages of earlier batches that these reply to, each with its conversation."""
    replied = {plan.reply_to for plan in planned if plan.reply_to}
    found = LegacyRow.objects.filter(source=import_lock.record, legacy_id__in=replied)
    rows = found.values_list("legacy_id", "object_id", "conversation_id")
    return {source_id: (key, conversation_id) for source_id, key, conversation_id in rows}


def _append(
    change: ConversationChange,
    conversation: Conversation,
    plan: PlannedMessage,
    files: Sequence[Attachment],
    placed: Mapping[str, tuple[UUID, UUID | None]],
) -> UUID:
    columns = dict(plan.columns)
    replied, place = placed.get(plan.reply_to or "", (None, None))
    if place == conversation.pk:
        columns["reply_to_id"] = replied
    if files:
        columns["attachments"] = attachments_as_json([stored_attachment(file) for file in files])
        columns["message_type"] = message_type_of(files)
    key = append_imported(change, conversation, **columns)
    change.claim_attachments(key, files, conversation.business_id)
    return key
