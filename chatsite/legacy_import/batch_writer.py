"""Stores a batch of plans: messages under their conversations' locks, notifications under their inboxes' locks,
and the bookkeeping, all in one transaction with a fixed number of statements.

Imported messages are appended: they take `seq` and `rev` after whatever the conversation holds, as every writer does.
No event is published; clients find the rows by `rev`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from chatsite.legacy_import import bulk, conversation_rows
from chatsite.legacy_import.conversation_rows import ConversationRow, Pair
from chatsite.legacy_import.import_lock import ImportLock
from chatsite.legacy_import.models import LegacyMade, LegacyRow
from chatsite.legacy_import.parsing import to_text
from chatsite.legacy_import.plan import Planned, PlannedMessage, PlannedNotification
from chatsite.legacy_import.source_table import Key
from conversations.models import Business, ChatMessage, Side
from conversations.writing.write_batch import preview
from notifications.inbox import lock_inboxes
from notifications.models import Notification

_MESSAGE: Final = (
    "id",
    "conversation_id",
    "seq",
    "rev",
    "sender_id",
    "sender_side",
    "content",
    "message_type",
    "status",
    "delivered_at",
    "read_at",
    "deleted_at",
    "created_at",
)
_NOTIFICATION: Final = (
    "id",
    "recipient_id",
    "created_rev",
    "rev",
    "type",
    "title",
    "body",
    "action_url",
    "data",
    "read_at",
    "deleted_at",
    "created_at",
)
_TRIES: Final = 5
_RETRIED: Final = ("40P01", "40001")  # deadlock, serialisation failure
_ROW: Final = ("source_id", "legacy_id", "object_id", "conversation_id")


def write_batch(
    import_lock: ImportLock, planned: Sequence[Planned], made: Sequence[Business], until: Key
) -> None:
    """Store the plans, and that they are stored, or nothing. `until` is the last old row of the batch.

    Live writers lock conversations and inboxes too; a batch that loses a deadlock to one of them is tried again.
    """
    for remaining in reversed(range(_TRIES)):
        try:
            _write_once(import_lock, planned, made, until)
        except OperationalError as error:
            if not remaining or getattr(error.__cause__, "sqlstate", None) not in _RETRIED:
                raise
        else:
            return


def _write_once(
    import_lock: ImportLock, planned: Sequence[Planned], made: Sequence[Business], until: Key
) -> None:
    messages = [plan for plan in planned if isinstance(plan, PlannedMessage)]
    notifications = [plan for plan in planned if isinstance(plan, PlannedNotification)]
    with transaction.atomic():
        created, id_ = (ascii(to_text(part)).strip("'") for part in until)  # for people to read
        import_lock.add_counts(len(messages), len(notifications), watermark_created=created, watermark_id=id_)
        _make_businesses(import_lock, made)
        rows: list[tuple[Any, ...]] = []
        if messages:
            rows += _write_messages(import_lock, messages)
        if notifications:
            rows += _write_notifications(import_lock, notifications)
        bulk.insert(LegacyRow, _ROW, rows)


def _make_businesses(import_lock: ImportLock, made: Sequence[Business]) -> None:
    if made:
        Business.objects.bulk_create(made)
        _remember(import_lock, LegacyMade.Kind.BUSINESS, [business.pk for business in made])


def _remember(import_lock: ImportLock, kind: str, ids: Iterable[UUID]) -> None:
    rows = [(import_lock.record.pk, str(kind), key) for key in ids]
    bulk.insert(LegacyMade, ("source_id", "kind", "object_id"), rows)


# --- Messages ---------------------------------------------------------------------------------------------------------


def _write_messages(import_lock: ImportLock, plans: Sequence[PlannedMessage]) -> list[tuple[Any, ...]]:
    locked = _lock_conversations(import_lock, plans)
    now = timezone.now()
    rows: list[tuple[Any, ...]] = []
    done: list[tuple[Any, ...]] = []
    for plan in plans:
        conversation = locked[plan.business_id, plan.customer_id]
        _append(conversation, plan)
        key = uuid7()
        rows.append(
            (
                key,
                conversation.id,
                conversation.last_seq,
                conversation.rev,
                plan.sender_id,
                plan.side,
                plan.content,
                plan.message_type,
                plan.status,
                plan.delivered_at,
                plan.read_at,
                plan.deleted_at,
                plan.created_at,
            )
        )
        done.append((import_lock.record.pk, plan.legacy_id, key, conversation.id))
    bulk.insert(ChatMessage, _MESSAGE, rows)
    for conversation in locked.values():
        conversation.updated_at = now
    conversation_rows.save(list(locked.values()))
    return done


def _append(conversation: ConversationRow, plan: PlannedMessage) -> None:
    """Let the conversation tell of one more message. Its place in lists stays that of its newest message."""
    conversation.last_seq += 1
    conversation.rev += 1
    conversation.last_message = "" if plan.deleted_at else preview(plan.content)
    conversation.last_message_at = plan.created_at
    conversation.active_at = max(conversation.active_at, plan.created_at)
    if plan.status != "read" and plan.deleted_at is None:
        if plan.side == Side.CUSTOMER:
            conversation.business_unread += 1
        elif plan.side == Side.BUSINESS:
            conversation.customer_unread += 1


def _lock_conversations(
    import_lock: ImportLock, plans: Sequence[PlannedMessage]
) -> dict[Pair, ConversationRow]:
    """The conversations of the plans, locked; those that nobody had opened yet are made."""
    first: dict[Pair, datetime] = {}
    for plan in plans:
        pair = plan.business_id, plan.customer_id
        first[pair] = min(first.get(pair, plan.created_at), plan.created_at)
    locked, made = conversation_rows.make_and_lock(first)
    _remember(import_lock, LegacyMade.Kind.CONVERSATION, made)
    return {conversation.pair: conversation for conversation in locked}


# --- Notifications ----------------------------------------------------------------------------------------------------


def _write_notifications(
    import_lock: ImportLock, plans: Sequence[PlannedNotification]
) -> list[tuple[Any, ...]]:
    inboxes = lock_inboxes({plan.recipient_id for plan in plans})
    rows: list[tuple[Any, ...]] = []
    done: list[tuple[Any, ...]] = []
    for plan in plans:
        inbox = inboxes[plan.recipient_id]
        inbox.rev += 1
        key = uuid7()
        rows.append(
            (
                key,
                plan.recipient_id,
                inbox.rev,
                inbox.rev,
                plan.type,
                plan.title,
                plan.body,
                plan.action_url,
                json.dumps(plan.data, ensure_ascii=False),
                plan.read_at,
                plan.deleted_at,
                plan.created_at,
            )
        )
        done.append((import_lock.record.pk, plan.legacy_id, key, None))
    bulk.insert(Notification, _NOTIFICATION, rows)
    conversation_rows.save_inboxes(list(inboxes.values()))
    return done
