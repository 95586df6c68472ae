"""Delete messages that are older than the site or their business keeps them, with their files and earlier versions.

A message keeps its place, its sender and its time; its content goes for moderators too. Each step is one transaction
of a few messages, so a run that was interrupted continues where it stopped. Messages with an open report stay until it
is resolved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue
from conversations import events
from conversations.attachments.jobs import delete_files
from conversations.attachments.release import forget_files
from conversations.attachments.retention import kept_days
from conversations.models import ChatMessage, MessageEdit, Reaction
from conversations.moderation.models import Report
from conversations.writing.conversation_change import change_conversations

GROUP: Final = 200  # messages of one transaction, so that a conversation is locked for a short time only


@dataclass
class ExpiredMessages:
    """What was deleted, or with a dry run would be."""

    conversations: int = 0
    messages: int = 0


def delete_expired_messages(*, dry_run: bool = False) -> ExpiredMessages:
    """Empty the messages that are too old. Each takes a `rev`, and clients see it as deleted."""
    done = ExpiredMessages()
    for business_id, days in kept_days(settings.MESSAGE_DAYS, "message_days"):
        before = timezone.now() - timedelta(days=days)
        for conversation_id, number in _expired_by_conversation(business_id, before):
            done.conversations += 1
            if dry_run:
                done.messages += number
                continue
            while emptied := _empty_group(conversation_id, before):
                done.messages += emptied
    return done


def _expired(before: datetime) -> QuerySet[ChatMessage]:
    return ChatMessage.objects.filter(~Report.is_open_for("pk"), created_at__lt=before).exclude(content="")


def _expired_by_conversation(business_id: UUID, before: datetime) -> Iterator[tuple[UUID, int]]:
    rows = _expired(before).filter(conversation__business_id=business_id).order_by()
    counted = rows.values("conversation_id").annotate(number=Count("pk"))
    yield from list(counted.values_list("conversation_id", "number"))


def _empty_group(conversation_id: UUID, before: datetime) -> int:
    """Empty the next messages of a conversation, and return how many they were."""
    with change_conversations([conversation_id]) as change:
        conversation = change.conversations.get(conversation_id)
        if conversation is None:  # the undo of an import has removed it meanwhile
            return 0
        messages = list(_expired(before).filter(conversation_id=conversation_id).order_by("seq")[:GROUP])
        for message in messages:
            if message.deleted_at is None and message.hidden_at is None:
                change.count_unread(conversation, message, -1)
            message.content, message.attachments, message.reactions = "", "", ""
            message.deleted_at = message.deleted_at or change.now
            change.update_message(conversation, message, events.message_deleted)
        MessageEdit.objects.filter(message__in=messages).delete()
        Reaction.objects.filter(message__in=messages).delete()
        files = forget_files(messages)
        if files:
            enqueue(delete_files, [str(key) for key in files])
    return len(messages)
