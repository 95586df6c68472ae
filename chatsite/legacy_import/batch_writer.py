"""Store a batch of plans, and the records of what was moved, in one transaction with a fixed number of statements.

The transaction locks the conversations and the inboxes. Imported messages get the next `seq` and `rev` of their
conversation, like any other message. No event is published; clients find the messages by `rev`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import OperationalError
from uuid_utils.compat import uuid7

from chatsite.database.bulk_insert import bulk_insert
from chatsite.legacy_import.import_lock import ImportLock
from chatsite.legacy_import.models import LegacyMade, LegacyRow
from chatsite.legacy_import.parsing import to_text
from chatsite.legacy_import.plan import Planned, PlannedMessage, PlannedNotification
from chatsite.legacy_import.source_table import Key
from conversations.access import UserId
from conversations.models import Business, Conversation
from conversations.writing.conversation_change import ConversationChange, change_conversations
from conversations.writing.imports import append_imported
from conversations.writing.new_conversations import Pair, make_missing_conversations
from notifications.inbox import lock_inboxes, save_inboxes
from notifications.models import Notification

_NOTIFICATION_COLUMNS: Final = (
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
ROW_COLUMNS: Final = ("source_id", "legacy_id", "object_id", "conversation_id")
_ATTEMPTS: Final = 5
_RETRIED: Final = ("40P01", "40001")  # SQLSTATE of a deadlock and of a serialisation failure


def write_batch(
    import_lock: ImportLock, planned: Sequence[Planned], made: Sequence[Business], until: Key
) -> None:
    """Store the plans and the records that they are stored, or nothing. `until` is the last old row of the batch."""
    retry_after_deadlock(partial(_write_once, import_lock, planned, made, until))


def retry_after_deadlock(write: Callable[[], None]) -> None:
    """Run a transaction. If a deadlock with the site, which takes the same locks, cancels it, run it again."""
    for remaining in reversed(range(_ATTEMPTS)):
        try:
            write()
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
    with change_conversations(announce=False) as change:
        created, id_ = (ascii(to_text(part)).strip("'") for part in until)  # readable text
        import_lock.add_counts(len(messages), len(notifications), watermark_created=created, watermark_id=id_)
        make_businesses(import_lock, made)
        rows: list[tuple[Any, ...]] = []
        if messages:
            rows += _write_messages(import_lock, change, messages)
        if notifications:
            rows += _write_notifications(import_lock, notifications)
        bulk_insert(LegacyRow, ROW_COLUMNS, rows)


class InConversation(Protocol):
    """A planned message, of any importer."""

    @property
    def business_id(self) -> UUID: ...
    @property
    def customer_id(self) -> UserId: ...
    @property
    def created_at(self) -> datetime: ...


def make_businesses(import_lock: ImportLock, made: Sequence[Business]) -> None:
    if made:
        Business.objects.bulk_create(made)
        _record_made(import_lock, LegacyMade.Kind.BUSINESS, [business.pk for business in made])


def _record_made(import_lock: ImportLock, kind: str, ids: Iterable[UUID]) -> None:
    rows = [(import_lock.record.pk, str(kind), key) for key in ids]
    bulk_insert(LegacyMade, ("source_id", "kind", "object_id"), rows)


# --- Messages ---------------------------------------------------------------------------------------------------------


def _write_messages(
    import_lock: ImportLock, change: ConversationChange, plans: Sequence[PlannedMessage]
) -> list[tuple[Any, ...]]:
    conversations = lock_conversations(import_lock, change, plans)
    done: list[tuple[Any, ...]] = []
    for plan in plans:
        conversation = conversations[plan.business_id, plan.customer_id]
        key = append_imported(
            change,
            conversation,
            sender_id=plan.sender_id,
            sender_side=plan.side,
            content=plan.content,
            message_type=plan.message_type,
            status=plan.status,
            delivered_at=plan.delivered_at,
            read_at=plan.read_at,
            deleted_at=plan.deleted_at,
            created_at=plan.created_at,
        )
        done.append((import_lock.record.pk, plan.legacy_id, key, conversation.pk))
    return done


def lock_conversations(
    import_lock: ImportLock, change: ConversationChange, plans: Sequence[InConversation]
) -> dict[Pair, Conversation]:
    """Lock the conversations of the plans, and create the missing ones."""
    first: dict[Pair, datetime] = {}
    for plan in plans:
        pair = plan.business_id, plan.customer_id
        first[pair] = min(first.get(pair, plan.created_at), plan.created_at)
    ids, made = make_missing_conversations(first)
    _record_made(import_lock, LegacyMade.Kind.CONVERSATION, made)
    return {(found.business_id, found.customer_id): found for found in change.lock(ids)}


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
    bulk_insert(Notification, _NOTIFICATION_COLUMNS, rows)
    save_inboxes(list(inboxes.values()))
    return done
