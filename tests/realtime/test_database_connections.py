"""The threads that work for sockets keep their connections.

A broken connection fails at most the work that uses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import OperationalError, connection, connections

from chatsite.database.threads import run_in


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    """A thread that closes its connection at the end."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread
        thread.submit(connections.close_all).result()


def ask(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def of_thread(thread: ThreadPoolExecutor, sql: str) -> int:
    """Run a query on the thread's connection, as work for a socket does."""
    return asyncio.run(run_in(thread, partial(ask, sql)))


OWN_PID = "SELECT pg_backend_pid()"

# SQLite is in the process, and has no connection that could die.
if connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    def test_a_broken_connection_is_dropped_at_once(thread: ThreadPoolExecutor) -> None:
        before = of_thread(thread, OWN_PID)
        with pytest.raises(OperationalError):
            of_thread(thread, "SELECT 1 FROM pg_terminate_backend(pg_backend_pid())")
        assert of_thread(thread, OWN_PID) != before

    @pytest.mark.django_db(transaction=True)
    def test_a_connection_that_died_while_idle_is_found_before_use(thread: ThreadPoolExecutor) -> None:
        before = of_thread(thread, OWN_PID)
        assert ask(f"SELECT 1 FROM pg_terminate_backend({before}, 10000)") == 1  # 10 s for it to be gone
        assert of_thread(thread, OWN_PID) != before
