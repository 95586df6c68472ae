"""Find pushes that are shown although the person has read the conversation elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from chatsite.background.jobs import enqueue
from notifications.delivery.models import Channel, Notice
from notifications.delivery.push.sending import SHOWN_FOR, withdraw_push

BATCH: Final = 200


@transaction.atomic
def withdraw_read_pushes(now: datetime) -> int:
    """Enqueue the withdrawal of pushes that were read, and return how many this call has found, at most `BATCH`.

    Several workers may do this at once.
    """
    is_read = Q(conversation__customer=F("user"), conversation__customer_unread=0) | Q(
        ~Q(conversation__customer=F("user")), conversation__business_unread=0
    )
    shown = Notice.objects.filter(
        is_read,
        channel=Channel.PUSH,
        state=Notice.State.SENT,
        withdrawn_at=None,
        created_at__gt=now - SHOWN_FOR,
    )
    rows = list(shown.order_by("created_at").select_for_update(skip_locked=True, of=("self",))[:BATCH])
    for subscription_id, conversation_id in {(row.subscription_id, row.conversation_id) for row in rows}:
        if subscription_id is not None:
            enqueue(withdraw_push, str(subscription_id), str(conversation_id))
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(withdrawn_at=now)
    return len(rows)
