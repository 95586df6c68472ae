"""Forget notices of messages that were removed with the undo of an import. New messages take their `seq`."""

from __future__ import annotations

from collections.abc import Collection

from conversations.access import UserId
from conversations.models import Conversation
from conversations.writing.imports import shortened
from notifications.delivery.models import Channel, Notice, Progress


def forget_removed(conversation: Conversation) -> None:
    """Limit what people were notified of to `last_seq`. The caller has locked the conversation."""
    last_seq = conversation.last_seq
    rows = Progress.objects.filter(conversation=conversation)
    rows.filter(push_seq__gt=last_seq).update(push_seq=last_seq)
    mailed = rows.filter(email_seq__gt=last_seq)
    if user_ids := list(mailed.values_list("user_id", flat=True)):
        mailed.update(email_seq=last_seq)
        _limit_mails(conversation, user_ids)


def _limit_mails(conversation: Conversation, user_ids: Collection[UserId]) -> None:
    """An answer by mail marks the messages that the mail covers as read."""
    key, last_seq = str(conversation.pk), conversation.last_seq
    mails = Notice.objects.filter(user_id__in=user_ids, channel=Channel.EMAIL, covers__has_key=key)
    for notice in mails.iterator(chunk_size=100):
        if notice.covers[key] > last_seq:
            notice.covers[key] = last_seq
            notice.save(update_fields=["covers"])


shortened.append(forget_removed)
