"""The life of a notice: created, claimed once, finished. It is also the record of the decision.

`claim` is committed before the first byte is sent, so a notice is never sent twice. If a worker is killed
between that commit and the answer, nobody knows whether the notice arrived: it ends as `unknown`. A notice whose job
is given up before that commit ends as `failed`, so that it blocks no later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from chatsite.background.jobs import job
from chatsite.config.queues import DELIVERY_QUEUE
from conversations.access import UserId
from notifications.delivery.models import Notice

KEPT: Final = 50  # of one person
ABANDONED: Final = "abandoned"  # the reason of a notice whose job was given up

State = Notice.State


def record_skip(
    user_id: UserId, channel: str, conversation_id: UUID | None, reason: str, now: datetime
) -> Notice:
    """Record a notice that is not sent, and the reason."""
    return Notice(
        user_id=user_id,
        channel=channel,
        conversation_id=conversation_id,
        state=State.SKIPPED,
        reason=reason,
        created_at=now,
        finished_at=now,
    )


def claim(notice: Notice, covers: Mapping[str, int], now: datetime) -> bool:
    """Claim the notice for sending. Of two workers that try at the same time, one gets it."""
    free = Notice.objects.filter(pk=notice.pk, state=State.PENDING, handed_over_at=None)
    return bool(free.update(handed_over_at=now, covers=dict(covers)))


def release_claim(notice: Notice, now: datetime) -> bool:
    """Undo the claim of a notice that was refused for now and did not arrive. Return whether to try again later.

    If a newer push is pending, the notice ends instead: that push covers the same messages and later ones.
    """
    pending = Notice.objects.filter(pk=notice.pk, state=State.PENDING)
    try:
        with transaction.atomic():
            return bool(pending.update(handed_over_at=None))
    except IntegrityError:
        finish(notice, State.SKIPPED, "replaced", now)
        return False


def finish(notice: Notice, state: str, reason: str, now: datetime, detail: str = "") -> None:
    Notice.objects.filter(pk=notice.pk, state=State.PENDING).update(
        state=state, reason=reason, detail=detail[:200], finished_at=now
    )


def find_pending(notice_id: str, now: datetime) -> Notice | None:
    """Return the notice if it is still pending. End one that a worker has claimed and not finished."""
    notice = Notice.objects.select_related("user", "subscription").filter(pk=notice_id).first()
    if notice is None or notice.state != State.PENDING:
        return None
    if notice.handed_over_at is not None:
        finish(notice, State.UNKNOWN, "interrupted", now)
        return None
    return notice


@job(queue=DELIVERY_QUEUE)
def abandon_notice(notice_id: str) -> None:
    """End a notice whose job is given up."""
    now = timezone.now()
    notice = find_pending(notice_id, now)
    if notice is not None:
        finish(notice, State.FAILED, ABANDONED, now)


def last_of(user_id: UserId) -> list[Any]:
    """Return the person's last decisions, newest first."""
    return list(
        Notice.objects.filter(user_id=user_id).select_related(
            "conversation__business", "conversation__customer", "subscription"
        )[:KEPT]
    )
