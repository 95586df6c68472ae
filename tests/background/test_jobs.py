"""Jobs are stored in the transaction that causes them, retried with backoff, and recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, transaction
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from chatsite.background import jobs
from chatsite.background.gauges import live_workers, longest_wait
from chatsite.background.housekeeping import MOST_STARTS, reclaim_lost_jobs
from chatsite.background.jobs import LONGEST_WAIT, Job, backoff, enqueue
from chatsite.background.models import Worker
from chatsite.background.worker import QueueThread, WorkerProcess
from chatsite.config.queues import DEFAULT_QUEUE
from tests.background import examples

# The worker closes its connections, as in its own process, so no transaction can surround a test.
pytestmark = pytest.mark.django_db(transaction=True)


def run_ready_jobs() -> None:
    WorkerProcess().run_ready_jobs()


def run_all_attempts() -> None:
    """Run jobs until none is left, without waiting for the backoff."""
    while DBTaskResult.objects.filter(status=TaskResultStatus.READY).exists():
        DBTaskResult.objects.filter(status=TaskResultStatus.READY).update(run_after=timezone.now())
        run_ready_jobs()


def statuses(job: Job) -> list[str]:
    results = DBTaskResult.objects.filter(task_path=job.module_path).order_by("enqueued_at")
    return list(results.values_list("status", flat=True))


def test_a_job_runs_once() -> None:
    enqueue(examples.note, "once")
    run_ready_jobs()
    run_ready_jobs()
    assert examples.runs("once") == 1
    assert statuses(examples.note) == [TaskResultStatus.SUCCESSFUL]


def test_a_job_of_a_transaction_that_is_rolled_back_never_runs() -> None:
    with transaction.atomic():
        enqueue(examples.note, "rolled back")
        transaction.set_rollback(True)
    run_ready_jobs()
    assert examples.runs("rolled back") == 0


def test_a_delayed_job_waits() -> None:
    enqueue(examples.note, "delayed", delay=timedelta(minutes=10))
    run_ready_jobs()
    assert examples.runs("delayed") == 0
    run_all_attempts()
    assert examples.runs("delayed") == 1


def test_jobs_run_in_the_order_in_which_they_are_due() -> None:
    """An overdue retry goes before the jobs that were enqueued since, and not before older ones."""
    enqueue(examples.note, "first")
    enqueue(examples.note, "retry", delay=timedelta(seconds=20))
    enqueue(examples.note, "last")
    rows = DBTaskResult.objects.order_by("enqueued_at")
    start = timezone.now() - timedelta(minutes=5)
    for row, age in zip(rows, (0, 20, 40), strict=True):  # as if they had been enqueued 20 seconds apart
        row.run_after += start + timedelta(seconds=age) - row.enqueued_at
        row.save()
    rows.filter(args_kwargs__args=["retry"]).update(run_after=start + timedelta(seconds=20))
    run_ready_jobs()
    names = Group.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["first/1", "retry/1", "last/1"]


def test_a_worker_whose_clock_is_behind_finds_a_new_job(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue(examples.note, "behind")
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() - timedelta(seconds=4))
    assert DBTaskResult.objects.ready().exists()


def test_the_wait_of_a_retry_begins_when_it_is_due() -> None:
    enqueue(examples.note, "retry", delay=timedelta(hours=1))
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(hours=2))
    DBTaskResult.objects.update(run_after=timezone.now() - timedelta(seconds=10))
    enqueue(examples.note, "new")
    assert 10 <= longest_wait(DBTaskResult.objects.ready(), timezone.now()) < 70


def test_a_killed_worker_counts_for_half_a_minute() -> None:
    now = timezone.now()
    for name, seconds in (("alive", 5), ("killed", 60)):
        Worker.objects.create(id=name, started_at=now, seen_at=now - timedelta(seconds=seconds))
    assert live_workers(now) == 1


def test_a_failed_job_is_tried_again_until_it_succeeds() -> None:
    enqueue(examples.fail_until_third, "third")
    run_ready_jobs()
    assert examples.runs("third") == 1  # the next attempt waits for its time
    run_all_attempts()
    assert examples.runs("third") == 3
    assert statuses(examples.fail_until_third) == [
        TaskResultStatus.FAILED,
        TaskResultStatus.FAILED,
        TaskResultStatus.SUCCESSFUL,
    ]


def test_the_last_attempt_is_the_last() -> None:
    enqueue(examples.always_fail, "never")
    run_all_attempts()
    assert examples.runs("never") == 2
    last = DBTaskResult.objects.filter(task_path=examples.always_fail.module_path).latest("enqueued_at")
    assert "there is no further attempt" in last.traceback
    assert "ValueError: never" in last.traceback


def test_a_permanent_failure_is_not_tried_again() -> None:
    enqueue(examples.fail_for_good, "for good")
    run_all_attempts()
    assert examples.runs("for good") == 1


def test_a_job_that_is_given_up_has_a_follower() -> None:
    enqueue(examples.fail_with_a_follower, "given up")
    run_all_attempts()
    assert examples.runs("given up") == 2
    assert examples.runs("after given up") == 1


def test_a_job_that_stops_its_workers_is_given_up_too() -> None:
    enqueue(examples.fail_with_a_follower, "deadly")
    DBTaskResult.objects.update(
        status=TaskResultStatus.RUNNING,
        started_at=timezone.now() - timedelta(minutes=5),
        worker_ids=[f"dead-{number}/0" for number in range(MOST_STARTS)],
    )
    assert reclaim_lost_jobs() == 0
    run_all_attempts()
    assert examples.runs("deadly") == 0
    assert examples.runs("after deadly") == 1


@pytest.mark.parametrize(
    ("starts", "runs", "expected"),
    [(1, True, TaskResultStatus.RUNNING), (1, False, TaskResultStatus.READY), (MOST_STARTS, False, "FAILED")],
)
def test_a_job_that_no_thread_runs_is_started_again(
    monkeypatch: pytest.MonkeyPatch, starts: int, runs: bool, expected: str
) -> None:
    """The worker is alive, but one of its threads lost the database in the middle of the job."""
    enqueue(examples.note, "lost")
    worker = WorkerProcess()
    thread = worker.threads[DEFAULT_QUEUE][0]
    row = DBTaskResult.objects.get()
    DBTaskResult.objects.update(
        status=TaskResultStatus.RUNNING,
        started_at=timezone.now() - timedelta(minutes=5),
        worker_ids=[thread.worker_id] * starts,
    )
    monkeypatch.setattr(QueueThread, "job", row.pk if runs else None)
    worker.beat()
    row.refresh_from_db()
    assert row.status == expected


def test_a_job_that_has_just_been_claimed_is_left_alone() -> None:
    enqueue(examples.note, "claimed")
    worker = WorkerProcess()
    row = DBTaskResult.objects.get()
    row.claim(worker.threads[DEFAULT_QUEUE][0].worker_id)
    worker.beat()
    row.refresh_from_db()
    assert row.status == TaskResultStatus.RUNNING


def test_a_failed_job_is_not_lost_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its next attempt, a job whose row says that it failed would never run again."""
    outage = [OperationalError("away"), OperationalError("away"), None]
    store = jobs.enqueue

    def enqueue_later(*arguments: Any, **options: Any) -> None:
        if error := outage.pop(0):
            raise error
        store(*arguments, **options)

    enqueue(examples.fail_until_third, "away")
    monkeypatch.setattr(jobs, "OUTAGE_PAUSE", 0)
    monkeypatch.setattr(jobs, "enqueue", enqueue_later)
    run_ready_jobs()
    assert outage == []
    assert statuses(examples.fail_until_third) == [TaskResultStatus.FAILED, TaskResultStatus.READY]


def test_a_job_can_choose_its_next_time() -> None:
    enqueue(examples.ask_for_a_pause, "pause")
    run_ready_jobs()
    following = DBTaskResult.objects.get(status=TaskResultStatus.READY)
    assert timedelta(minutes=115) < following.run_after - timezone.now() <= timedelta(hours=2)


def test_a_short_pause_does_not_use_up_all_attempts() -> None:
    """A server that answers `Retry-After: 1` for hours gets the job afterwards."""
    enqueue(examples.ask_for_a_second, "second", attempt=11)
    run_ready_jobs()
    following = DBTaskResult.objects.get(status=TaskResultStatus.READY)
    assert following.run_after - timezone.now() > timedelta(minutes=20)


def test_waits_double_up_to_an_hour() -> None:
    assert 1.5 <= backoff(1) <= 2.5
    assert 12 <= backoff(4) <= 20
    assert LONGEST_WAIT * 0.75 <= backoff(30) <= LONGEST_WAIT * 1.25
