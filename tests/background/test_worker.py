"""Workers in separate processes share the queues, continue when one of them dies, and stop on request."""

from __future__ import annotations

import pytest

from tests.harness.backend import Deployment
from tests.harness.patience import wait_until

ENQUEUE = """
from chatsite.background.jobs import enqueue
from tests.background import examples
enqueue(examples.{job}, {name!r})
"""
RUNS = "from tests.background import examples; print(examples.runs({name!r}))"
# Backdates every heartbeat and start, as if the worker had died.
AGE = """
from datetime import timedelta
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from chatsite.background.models import Worker
long_ago = timezone.now() - timedelta(minutes=5)
DBTaskResult.objects.filter(status="RUNNING").update(started_at=long_ago)
Worker.objects.update(seen_at=long_ago)
"""


def enqueue(deployment: Deployment, job: str, name: str) -> None:
    deployment.shell(ENQUEUE.format(job=job, name=name))


def runs(deployment: Deployment, name: str) -> int:
    return int(deployment.shell(RUNS.format(name=name)))


def wait_for_runs(deployment: Deployment, name: str, number: int) -> None:
    wait_until(lambda: runs(deployment, name) == number, f"run {number} of {name}")


def test_jobs_run_in_the_servers_process(deployment: Deployment) -> None:
    deployment.start_worker()
    enqueue(deployment, "note", "beside")
    wait_for_runs(deployment, "beside", 1)


def test_a_job_of_a_killed_worker_runs_again(services: Deployment) -> None:
    services.stop_worker()
    first = services.new_worker()
    first.start()
    enqueue(services, "hang", "killed")
    wait_for_runs(services, "killed", 1)
    first.kill()
    services.shell(AGE)
    second = services.new_worker()
    second.start()
    try:
        wait_for_runs(services, "killed", 2)
    finally:
        assert second.stop() == 0


def test_a_slow_job_delays_no_other_queue(services: Deployment) -> None:
    services.stop_worker()
    worker = services.new_worker()
    worker.start()
    try:
        enqueue(services, "hang", "slow")
        wait_for_runs(services, "slow", 1)
        enqueue(services, "note", "quick")
        wait_for_runs(services, "quick", 1)
    finally:
        worker.kill()


@pytest.mark.parametrize("queues", ["nonsense", "media,nonsense"])
def test_an_unknown_queue_is_refused(deployment: Deployment, queues: str) -> None:
    with pytest.raises(Exception, match="There is no queue 'nonsense'"):
        deployment.command("chat_worker", "--queues", queues)


def test_once_runs_the_ready_jobs_and_returns(embedded: Deployment) -> None:
    embedded.command("chat_worker", "--once")
