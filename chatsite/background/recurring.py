"""Recurring jobs: each is enqueued once per interval, whatever the number of workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from chatsite.background.jobs import Job, enqueue
from chatsite.background.models import RecurringJob
from chatsite.background.turns import waiting_jobs


@dataclass(frozen=True, slots=True)
class Recurrence:
    job: Job
    interval: timedelta


_recurrences: Final[dict[str, Recurrence]] = {}


def every(interval: timedelta, job: Job) -> None:
    """Let the workers enqueue `job` once per `interval`. Call it while Django starts, from `AppConfig.ready`."""
    _recurrences[job.module_path] = Recurrence(job, interval)


def enqueue_due_jobs() -> None:
    """Enqueue the recurring jobs that are due, unless they still wait. Several workers may call this at once."""
    now = timezone.now()
    known = set(RecurringJob.objects.filter(name__in=_recurrences).values_list("name", flat=True))
    RecurringJob.objects.bulk_create(
        [RecurringJob(name=name, next_run_at=now) for name in _recurrences.keys() - known],
        ignore_conflicts=True,
    )
    if not RecurringJob.objects.filter(name__in=_recurrences, next_run_at__lte=now).exists():
        return
    with transaction.atomic():
        due = RecurringJob.objects.select_for_update(skip_locked=True).filter(next_run_at__lte=now)
        for row in due.filter(name__in=_recurrences):
            recurrence = _recurrences[row.name]
            row.next_run_at = now + recurrence.interval
            row.save(update_fields=["next_run_at"])
            if not _is_waiting(recurrence.job):
                enqueue(recurrence.job)


def _is_waiting(job: Job) -> bool:
    """Return whether the job of an earlier interval has not begun. Then the queue is busy, and one is enough."""
    return waiting_jobs(job).filter(args_kwargs={"args": [], "kwargs": {}}).exists()
