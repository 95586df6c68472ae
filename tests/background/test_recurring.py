"""A recurring job is enqueued once per interval, by whichever worker is first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from chatsite.background import recurring
from chatsite.background.models import RecurringJob
from tests.background import examples

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurring, "_recurrences", {})
    recurring.every(timedelta(hours=1), examples.note)


def enqueued() -> int:
    return DBTaskResult.objects.filter(task_path=examples.note.module_path).count()


def begin_waiting_job() -> None:
    DBTaskResult.objects.update(status=TaskResultStatus.RUNNING)


def test_a_job_that_still_waits_is_not_enqueued_again() -> None:
    """Otherwise hours of them would wait behind one long job."""
    recurring.enqueue_due_jobs()
    RecurringJob.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))
    recurring.enqueue_due_jobs()
    assert enqueued() == 1


def test_it_is_enqueued_once_per_interval() -> None:
    recurring.enqueue_due_jobs()
    recurring.enqueue_due_jobs()
    assert enqueued() == 1

    begin_waiting_job()
    RecurringJob.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))
    recurring.enqueue_due_jobs()
    recurring.enqueue_due_jobs()
    assert enqueued() == 2


def test_missed_intervals_are_made_up_for_once() -> None:
    recurring.enqueue_due_jobs()
    begin_waiting_job()
    RecurringJob.objects.update(next_run_at=timezone.now() - timedelta(days=30))
    recurring.enqueue_due_jobs()
    recurring.enqueue_due_jobs()
    assert enqueued() == 2
    assert RecurringJob.objects.get().next_run_at > timezone.now() + timedelta(minutes=59)
