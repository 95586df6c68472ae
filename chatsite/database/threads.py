"""Run database work on a few threads that keep their connections, so that the event loop does not wait.

A connection of Django belongs to one thread. Channels' `database_sync_to_async` runs everything on one thread and
closes the connection after each call. Here several threads work in parallel, and a connection is closed only when it
is broken.
"""

from __future__ import annotations

import asyncio
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper

from chatsite.errors import LOST_DATABASE, database_failure_observers, is_database_unavailable

P = ParamSpec("P")
R = TypeVar("R")

# The connections of a process by use. The rest of DATABASE_POOL_SIZE, at least one, is for requests.
THREADS = 4  # work of live sessions
WRITERS = 3  # `conversations.writing.group_commit`
TRY_AFTER = 1.0  # seconds; a connection that was idle for longer is tested before it is used
_executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="database")
# For each thread. `idle_since`: when its last work ended. `has_failed`: whether its present work could not use the
# database.
_thread = threading.local()
hops = 0  # calls that the event loop passed to a thread; tests read it


async def in_database_thread(function: Callable[P, R], /, *arguments: P.args, **options: P.kwargs) -> R:
    """Run a function that reads or writes the database."""
    return await run_in(_executor, partial(function, *arguments, **options))


async def run_in(executor: ThreadPoolExecutor, call: Callable[[], R]) -> R:
    global hops
    hops += 1
    run = copy_context().run  # log lines of the thread get the ids of the request
    return await asyncio.get_running_loop().run_in_executor(executor, run, _with_sound_connection, call)


def _with_sound_connection(call: Callable[[], R]) -> R:
    _close_dead_connections()
    _thread.has_failed = False
    try:
        return call()
    except Exception as error:
        _thread.has_failed |= is_database_unavailable(error)
        raise
    finally:
        _thread.idle_since = time.monotonic()
        drop_broken_connections(has_failed=_thread.has_failed)
        if settings.DEBUG:
            reset_queries()  # Django does this at the end of a request, which these threads do not have


def _close_dead_connections() -> None:
    """Close connections that died while they were idle, as after a restart of the database.

    Otherwise the next work of each thread would fail.
    """
    was_idle = time.monotonic() - getattr(_thread, "idle_since", 0.0) >= TRY_AFTER
    for connection in connections.all(initialized_only=True):
        if connection.connection is None or connection.in_atomic_block:
            continue
        if (was_idle or _has_unexpected_data(connection)) and not connection.is_usable():
            connection.close()


def _has_unexpected_data(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the server has sent something without a query, as it does when it shuts down."""
    if connection.vendor != "postgresql":
        return False
    watch = select.poll()  # `select.select` fails for descriptors above 1023
    watch.register(connection.connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _note_failure() -> None:
    """Remember that the work on this thread failed, although it raises no exception."""
    _thread.has_failed = True


database_failure_observers.append(_note_failure)


def drop_broken_connections(*, has_failed: bool = False) -> None:
    """Close the connections that cannot be used any more. The next query connects again.

    Pass `has_failed` after an error, because Django forgets the error of a connection after a rollback.
    """
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block or not (connection.errors_occurred or has_failed):
            continue
        if connection.connection is None:
            continue
        try:
            if not connection.is_usable():
                connection.close()
            elif _is_read_only(connection):
                _discard(connection)
            else:
                connection.errors_occurred = False
        except LOST_DATABASE:
            connection.close()


def _discard(connection: BaseDatabaseWrapper) -> None:
    """Close the connection to a standby, so that the pool does not reuse it.

    A new connection finds the primary if the database URL has several hosts, or a host name that moves.
    """
    connection.connection.close()
    connection.close()


def _is_read_only(connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone()[0] == "on")
