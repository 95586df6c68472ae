"""A job that is running when PostgreSQL restarts does not stay in progress for as long as its worker lives."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.harness.backend import Deployment
from tests.harness.databases import MigratedPostgreSQL
from tests.harness.patience import wait_until
from tests.harness.services import PostgreSQL

pytestmark = pytest.mark.fault

ENQUEUE = """
from chatsite.background.jobs import enqueue
from tests.background import examples
enqueue(examples.query_after_outage, "outage", {path!r})
"""
IN_STATE = "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = %s AND task_path LIKE %s"
RUNS = "SELECT count(*) FROM auth_group WHERE name LIKE 'outage/%'"


def count(url: str, query: str, *parameters: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode(), parameters or None).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("is_down_when_the_job_fails", [False, True])
def test_it_runs_again(tmp_path: Path, postgres: PostgreSQL, is_down_when_the_job_fails: bool) -> None:
    """The test uses `postgres` only to run in the pass with services. It breaks its own server."""
    is_over = tmp_path / "over"
    with MigratedPostgreSQL() as server, Deployment.services(tmp_path, server, kinds=()) as deployment:
        url = deployment.environment["DATABASE_URL"]
        deployment.shell(ENQUEUE.format(path=str(is_over)))
        deployment.start_worker()
        job = "%.query_after_outage"
        wait_until(lambda: count(url, IN_STATE, "RUNNING", job) == 1, "the start of the job")
        server.stop()
        if is_down_when_the_job_fails:
            is_over.touch()
        server.start()
        is_over.touch()
        wait_until(lambda: count(url, RUNS) == 1, "the second attempt")
        wait_until(lambda: count(url, IN_STATE, "SUCCESSFUL", job) == 1, "the record of the second attempt")
        assert count(url, IN_STATE, "FAILED", job) == 1
        assert count(url, IN_STATE, "RUNNING", job) == 0
