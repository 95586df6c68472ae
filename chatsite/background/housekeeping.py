"""Maintenance of the job queue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from chatsite.background.jobs import AttemptFailed, give_up, job
from chatsite.background.models import Worker
from chatsite.background.recurring import every
from chatsite.config.queues import HOUSEKEEPING_QUEUE

DEAD_AFTER: Final = timedelta(seconds=30)  # since a worker last renewed its row
MOST_STARTS: Final = 3  # a job is not started again after this many workers died while they ran it
DAYS_KEPT: Final = 7  # for the results of finished jobs


def process_of(worker_id: str) -> str:
    """Return the process of a queue's worker, whose id is `process/number`."""
    return worker_id.rsplit("/", 1)[0]


def _nothing_runs() -> Mapping[str, UUID | None]:
    return {}


def reclaim_lost_jobs(running_here: Callable[[], Mapping[str, UUID | None]] = _nothing_runs) -> int:
    """Make the running jobs that no worker runs ready again, and return their number.

    These are the jobs of dead workers, and those that a thread of this process could not finish because it lost the
    database: `running_here` returns the job of each thread, by the id of its worker.

    A worker that could not renew its row, for example during an outage of the database, may still run its job. The job
    then runs twice, as every job may.
    """
    now = timezone.now()
    Worker.objects.filter(seen_at__lt=now - DEAD_AFTER).delete()
    alive = set(Worker.objects.values_list("id", flat=True))
    reclaimed = 0
    with transaction.atomic():
        running = DBTaskResult.objects.select_for_update(skip_locked=True).filter(
            status=TaskResultStatus.RUNNING, started_at__lt=now - DEAD_AFTER
        )
        rows = list(running)
        here = running_here()  # after the rows are locked: a thread that ends its job waits for the lock
        for result in rows:
            if not _is_running(result, here, alive):
                reclaimed += _start_again(result)
    return reclaimed


def _is_running(
    result: DBTaskResult[..., None], here: Mapping[str, UUID | None], alive: Collection[str]
) -> bool:
    """Ask the thread, if it is one of this process. The threads of other processes run what they have begun."""
    worker_id = result.worker_ids[-1] if result.worker_ids else ""
    if worker_id in here:
        return bool(here[worker_id] == result.pk)
    return process_of(worker_id) in alive


def _start_again(result: DBTaskResult[..., None]) -> bool:
    """Make the job ready again, unless it was started too often. Return whether it is."""
    if len(result.worker_ids) >= MOST_STARTS:
        result.set_failed(AttemptFailed(f"{MOST_STARTS} workers died while they ran this job"))
        give_up(result.task_path, result.args_kwargs["args"], result.args_kwargs["kwargs"])
        return False
    result.status = TaskResultStatus.READY
    result.save(update_fields=["status"])
    return True


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def prune_results() -> None:
    """Delete the results of jobs that finished a week ago."""
    call_command("prune_db_task_results", min_age_days=DAYS_KEPT, queue_name="*", verbosity=0)


every(timedelta(hours=6), prune_results)
