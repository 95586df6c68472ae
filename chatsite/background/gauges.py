"""Gauges of the job queues. A thread reads the numbers, at most once in five seconds."""

from __future__ import annotations

import threading
from datetime import datetime
from time import monotonic
from typing import Final

from django.db import DatabaseError, connections
from django.db.models import Case, Count, F, Min, Q, QuerySet, When
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from chatsite.background.housekeeping import DEAD_AFTER
from chatsite.background.models import Worker
from chatsite.observability.metrics.instruments import Gauge, Labels

SECONDS_KEPT: Final = 5.0


class QueueReadings:
    """The last counts from the database, which a gauge can return without waiting."""

    def __init__(self) -> None:
        self.waiting: dict[Labels, float] = {}
        self.running: dict[Labels, float] = {}
        self.oldest_seconds = 0.0
        self.workers = 0.0
        self._read_at = -SECONDS_KEPT
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Start to read new counts if the last ones are old. The next call returns them."""
        if monotonic() - self._read_at > SECONDS_KEPT and self._lock.acquire(blocking=False):
            self._read_at = monotonic()
            threading.Thread(target=self._read, name="job-gauges", daemon=True).start()

    def _read(self) -> None:
        try:
            ready = DBTaskResult.objects.ready().order_by()
            self.waiting = _by_queue(ready)
            self.running = _by_queue(DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING).order_by())
            self.oldest_seconds = longest_wait(ready, timezone.now())
            self.workers = float(live_workers(timezone.now()))
        except DatabaseError:
            self.workers = float("nan")  # unknown; `/readyz` and the log report the database's failure
        finally:
            connections.close_all()
            self._lock.release()


def longest_wait(ready: QuerySet[DBTaskResult[..., None]], now: datetime) -> float:
    """Return the seconds since the oldest job became ready: a retry does not wait before its time."""
    was_delayed = Q(run_after__lte=now, run_after__gt=F("enqueued_at"))
    ready_at = Case(When(was_delayed, then=F("run_after")), default=F("enqueued_at"))
    first = ready.aggregate(first=Min(ready_at))["first"]
    return 0.0 if first is None else max(0.0, (now - first).total_seconds())


def live_workers(now: datetime) -> int:
    """Count the workers that have renewed their rows. A killed worker leaves its row to the next worker."""
    return Worker.objects.filter(seen_at__gte=now - DEAD_AFTER).count()


def _by_queue(results: object) -> dict[Labels, float]:
    rows = results.values_list("queue_name").annotate(number=Count("pk"))  # type: ignore[attr-defined]
    return {(queue,): float(number) for queue, number in rows}


_readings = QueueReadings()


def _waiting() -> dict[Labels, float]:
    _readings.refresh()
    return _readings.waiting


Gauge("chat_jobs_waiting", "Background jobs that are ready to run.", _waiting, "queue")
Gauge("chat_jobs_running", "Background jobs that are running.", lambda: _readings.running, "queue")
Gauge(
    "chat_jobs_oldest_seconds", "How long the oldest ready job has waited.", lambda: _readings.oldest_seconds
)
Gauge("chat_workers", "Background workers that are alive.", lambda: _readings.workers)
