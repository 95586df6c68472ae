"""Long jobs work in turns, so that the other jobs of their queue run in between, and a worker can stop."""

from __future__ import annotations

from time import monotonic
from typing import Final

from django.db.models import QuerySet
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from chatsite.background.jobs import Job

TURN_SECONDS: Final = 10.0  # less than a worker waits for its jobs when it stops


class Turn:
    """The time of one job. When it is over, the job enqueues another one that continues."""

    def __init__(self, seconds: float = TURN_SECONDS) -> None:
        self._until = monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return monotonic() >= self._until


def waiting_jobs(job: Job) -> QuerySet[DBTaskResult[..., None]]:
    """Return the jobs of this kind that have not begun, such as one that continues an earlier one."""
    return DBTaskResult.objects.filter(status=TaskResultStatus.READY, task_path=job.module_path)
