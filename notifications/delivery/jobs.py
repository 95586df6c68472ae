"""The recurring job of the ladder: look at what is due, and at what has been read since it was pushed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Min, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.config.queues import DEFAULT_QUEUE, DELIVERY_QUEUE
from notifications.delivery.ladder import look_at_due
from notifications.delivery.models import Escalation, Notice
from notifications.delivery.notices import KEPT
from notifications.delivery.push.withdrawals import withdraw_read_pushes

PERIOD: Final = timedelta(seconds=5)
SHORTEST_GAP: Final = timedelta(seconds=1)


@job(queue=DELIVERY_QUEUE, attempts=1)
def look_at_escalations(until: str | None = None) -> None:
    """Look now, and again within this period when something becomes due before its end."""
    now = timezone.now()
    end = now + PERIOD if until is None else datetime.fromisoformat(until)
    look_at_due(now)
    withdraw_read_pushes(now)
    due = Escalation.objects.aggregate(first=Min("due_at"))["first"]
    if due is not None and due < end:
        gap = max(due - timezone.now(), SHORTEST_GAP)
        if timezone.now() + gap < end:
            enqueue(look_at_escalations, end.isoformat(), delay=gap)


@job(queue=DEFAULT_QUEUE, attempts=1)
def prune_notices() -> None:
    """Keep the last decisions of each person."""
    place = Window(RowNumber(), partition_by=[F("user")], order_by=F("id").desc())
    finished = Notice.objects.exclude(state=Notice.State.PENDING).order_by()
    old = finished.annotate(place=place).filter(place__gt=KEPT).values_list("pk", flat=True)
    keys = list(old[:10_000])
    for start in range(0, len(keys), 500):
        Notice.objects.filter(pk__in=keys[start : start + 500]).delete()


every(PERIOD, look_at_escalations)
every(timedelta(hours=1), prune_notices)
