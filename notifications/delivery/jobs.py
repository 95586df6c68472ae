"""The recurring jobs: check due escalations, withdraw pushes that were read since, and delete what is old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min
from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.config.queues import DELIVERY_QUEUE, HOUSEKEEPING_QUEUE
from conversations.access import UserId
from notifications.delivery.addresses import has_ended
from notifications.delivery.escalation_check import check_due
from notifications.delivery.models import Escalation, Notice, PushSubscription, ReceivedMail
from notifications.delivery.notices import KEPT
from notifications.delivery.push.withdrawals import withdraw_read_pushes

PERIOD: Final = timedelta(seconds=5)
LOST_AFTER: Final = timedelta(hours=49)  # longer than quiet hours and a day of attempts
HANDED_OVER_WITHIN: Final = timedelta(hours=1)  # longer than any wait for a server
PEOPLE: Final = 1_000  # whose notices one query counts
BATCH: Final = 1_000  # notices that one transaction deletes
SHORTEST_GAP: Final = timedelta(seconds=1)


@job(queue=DELIVERY_QUEUE, attempts=1)
def look_at_escalations(until: str | None = None) -> None:
    """Process due escalations now, and again during this period when others become due."""
    now = timezone.now()
    end = now + PERIOD if until is None else datetime.fromisoformat(until)
    check_due(now)
    while withdraw_read_pushes(now):
        pass
    due = Escalation.objects.aggregate(first=Min("due_at"))["first"]
    if due is not None and due < end:
        gap = max(due - timezone.now(), SHORTEST_GAP)
        if timezone.now() + gap < end:
            enqueue(look_at_escalations, end.isoformat(), delay=gap)


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def prune_notices() -> None:
    """Keep the last decisions of each person."""
    for user_id in _people_with_many_notices():
        finished = Notice.objects.filter(user_id=user_id).exclude(state=Notice.State.PENDING).order_by("-id")
        while keys := list(finished.values_list("pk", flat=True)[KEPT : KEPT + BATCH]):
            Notice.objects.filter(pk__in=keys).delete()


def _people_with_many_notices() -> Iterator[UserId]:
    """Count the notices of everybody in the order of the index `notice_of_user`, which is all that this reads."""
    counted = Notice.objects.order_by("user_id").values("user_id").annotate(number=Count("pk"))
    rows = counted.values_list("user_id", "number")
    page = list(rows[:PEOPLE])
    while page:
        yield from (user_id for user_id, number in page if number > KEPT)
        page = list(rows.filter(user_id__gt=page[-1][0])[:PEOPLE])


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def prune_received_mails() -> None:
    """Delete the records of received mails when no mail server delivers them again."""
    old = ReceivedMail.objects.filter(received_at__lt=timezone.now() - timedelta(days=30))
    old.delete()


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def end_lost_notices() -> None:
    """End notices whose job is lost, so that they do not block others."""
    now = timezone.now()
    pending = Notice.objects.filter(state=Notice.State.PENDING)
    interrupted = pending.filter(handed_over_at__lt=now - HANDED_OVER_WITHIN)
    interrupted.update(state=Notice.State.UNKNOWN, reason="interrupted", finished_at=now)
    lost = pending.filter(created_at__lt=now - LOST_AFTER)
    lost.update(state=Notice.State.FAILED, reason="unreachable", finished_at=now)


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def prune_subscriptions() -> None:
    """Delete the subscriptions of ended logins and sessions, before the records of those logins are pruned."""
    PushSubscription.objects.filter(has_ended()).delete()


every(PERIOD, look_at_escalations)
every(timedelta(hours=1), prune_subscriptions)
every(timedelta(hours=1), prune_notices)
every(timedelta(hours=1), end_lost_notices)
every(timedelta(hours=6), prune_received_mails)
