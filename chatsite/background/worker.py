"""A worker process. It runs the jobs of several queues, and each queue has its own threads.

The main loop finds ready jobs with one cheap query and wakes the threads of their queues. So a slow job of one queue
does not delay other queues.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.db import Error, close_old_connections, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks.base import DEFAULT_TASK_BACKEND_ALIAS
from django_tasks_db.management.commands.db_worker import Worker as QueueWorker
from django_tasks_db.models import DBTaskResult

from chatsite.background.housekeeping import reclaim_lost_jobs
from chatsite.background.models import Worker
from chatsite.background.recurring import enqueue_due_jobs
from chatsite.config.queues import THREADS
from chatsite.database.threads import drop_broken_connections

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.25  # between two queries for ready jobs
HEARTBEAT_SECONDS: Final = 5.0  # between two renewals of the worker's row, and checks for dead workers
STOP_SECONDS: Final = 20.0  # for running jobs to finish when the worker stops


class JobRunner(QueueWorker):
    """A worker of django-tasks-db that runs the ready jobs of one queue and then ends."""

    def __init__(self, queue: str, worker_id: str) -> None:
        super().__init__(
            queue_names=[queue],
            interval=0,
            batch=True,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=worker_id,
            excluded_queue_names=[],
        )
        self.job: UUID | None = None  # the one that runs now

    def run_task(self, db_task_result: DBTaskResult[..., Any]) -> None:
        self.job = db_task_result.pk
        try:
            super().run_task(db_task_result)
        finally:
            self.job = None


class QueueThread(threading.Thread):
    """Runs the ready jobs of one queue each time it is woken."""

    def __init__(self, queue: str, worker_id: str) -> None:
        super().__init__(name=f"jobs-{queue}", daemon=True)
        self.worker_id = worker_id
        self._queue = queue
        self._woken = threading.Event()
        self._stopping = False
        self._runner: JobRunner | None = None

    @property
    def job(self) -> UUID | None:
        """Return the job that runs now."""
        runner = self._runner
        return None if runner is None else runner.job

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Take no further job. The running job is finished."""
        self._stopping = True
        runner = self._runner
        if runner is not None:
            runner.running = False
        self._woken.set()

    def run(self) -> None:
        while not self._stopping:
            self._woken.wait()
            self._woken.clear()
            try:
                self._run_ready_jobs()
            except Error as error:
                # The main loop wakes this thread again while there are ready jobs, and reclaims the job of this one.
                logger.warning("the worker of queue %s cannot reach the database: %s", self._queue, error)
                drop_broken_connections(has_failed=True)
            finally:
                close_old_connections()
        connections.close_all()

    def _run_ready_jobs(self) -> None:
        self._runner = JobRunner(self._queue, self.worker_id)
        try:
            if not self._stopping:
                self._runner.run()
        finally:
            self._runner = None


class WorkerProcess:
    """All queues of one process. `run` blocks until a signal handler or another thread calls `stop`."""

    def __init__(self, threads: Mapping[str, int] = THREADS) -> None:
        self.id = f"{socket.gethostname()[:24]}-{os.getpid()}-{get_random_string(8)}"
        self._stopped = threading.Event()
        self.threads: dict[str, list[QueueThread]] = {}
        number = 0
        for queue, count in threads.items():
            self.threads[queue] = []
            for _ in range(count):
                self.threads[queue].append(QueueThread(queue, f"{self.id}/{number}"))
                number += 1

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        for thread in self._all_threads():
            thread.start()
        next_heartbeat = monotonic()
        while not self._stopped.is_set():
            try:
                if monotonic() >= next_heartbeat:
                    next_heartbeat = monotonic() + HEARTBEAT_SECONDS
                    self.beat()
                self._wake_queues_with_jobs()
            except Error as error:
                logger.warning("the worker cannot reach the database: %s", error)
                self._stopped.wait(1)
            finally:
                close_old_connections()
            self._stopped.wait(POLL_SECONDS)
        self._wind_down()

    def run_ready_jobs(self) -> None:
        """Run the ready jobs on the calling thread, and return. For tests and for `--once`."""
        for queue in self.threads:
            JobRunner(queue, f"{self.id}/once").run()

    def _all_threads(self) -> list[QueueThread]:
        return [thread for threads in self.threads.values() for thread in threads]

    def beat(self) -> None:
        """Say that this process is alive, find lost jobs, and enqueue the recurring jobs that are due."""
        now = timezone.now()
        Worker.objects.update_or_create(
            id=self.id, defaults={"seen_at": now}, create_defaults={"seen_at": now, "started_at": now}
        )
        reclaimed = reclaim_lost_jobs(self._running_jobs)
        if reclaimed:
            logger.warning("%d jobs that no worker runs will run again", reclaimed)
        enqueue_due_jobs()

    def _running_jobs(self) -> dict[str, UUID | None]:
        return {thread.worker_id: thread.job for thread in self._all_threads()}

    def _wake_queues_with_jobs(self) -> None:
        ready = DBTaskResult.objects.ready().order_by().filter(queue_name__in=self.threads)
        for queue in set(ready.values_list("queue_name", flat=True).distinct()):
            for thread in self.threads[queue]:
                thread.wake()

    def _wind_down(self) -> None:
        for thread in self._all_threads():
            thread.stop()
        deadline = monotonic() + STOP_SECONDS
        for thread in self._all_threads():
            thread.join(max(0.0, deadline - monotonic()))
        try:
            Worker.objects.filter(id=self.id).delete()
        except Error as error:
            logger.warning("the worker's row could not be deleted: %s", error)
        connections.close_all()
