"""Database work off the event loop, on a few threads that keep their connection.

Django ties a connection to its thread. Channels' `database_sync_to_async` runs everything on one thread and closes
the connection around each call; here a small pool of threads works in parallel and lets go of a connection only when
it has broken.
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

# Connections that a process keeps, and what for. The rest of DATABASE_POOL_SIZE, at least one, is for requests.
THREADS = 4  # work of live sessions
WRITERS = 3  # `conversations.writing.group_commit`
TRY_AFTER = 1.0  # seconds; a connection that has rested for longer is tried before it is used
_executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="database")
# Of each thread. `since`: when it last had work. `has_failed`: whether its present work could not use the database.
_rest = threading.local()
hops = 0  # times that the event loop handed work to a thread; read by tests


async def in_database_thread(function: Callable[P, R], /, *arguments: P.args, **options: P.kwargs) -> R:
    """Run a function that reads or writes the database."""
    return await run_in(_executor, partial(function, *arguments, **options))


async def run_in(executor: ThreadPoolExecutor, call: Callable[[], R]) -> R:
    global hops
    hops += 1
    run = copy_context().run  # a line logged on the thread is about the same request
    return await asyncio.get_running_loop().run_in_executor(executor, run, _with_sound_connection, call)


def _with_sound_connection(call: Callable[[], R]) -> R:
    _drop_connections_that_died_at_rest()
    _rest.has_failed = False
    try:
        return call()
    except Exception as error:
        _rest.has_failed |= is_database_unavailable(error)
        raise
    finally:
        _rest.since = time.monotonic()
        drop_broken_connections(has_failed=_rest.has_failed)
        if settings.DEBUG:
            reset_queries()  # Django keeps the last 9,000 statements for the request that ends; here none ends


def _drop_connections_that_died_at_rest() -> None:
    """A restart of the database kills the connection of every thread, and each would cost somebody a failure."""
    has_rested = time.monotonic() - getattr(_rest, "since", 0.0) >= TRY_AFTER
    for connection in connections.all(initialized_only=True):
        if connection.connection is None or connection.in_atomic_block:
            continue
        if (has_rested or _has_been_spoken_to(connection)) and not connection.is_usable():
            connection.close()


def _has_been_spoken_to(connection: BaseDatabaseWrapper) -> bool:
    """Whether something has come that nobody asked for. From a server that goes it is its goodbye."""
    if connection.vendor != "postgresql":
        return False
    watch = select.poll()  # `select` itself cannot watch the descriptors of a process with a thousand sockets
    watch.register(connection.connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _note_failure() -> None:
    """The work on this thread has answered `unavailable`, and raises nothing."""
    _rest.has_failed = True


database_failure_observers.append(_note_failure)


def drop_broken_connections(*, has_failed: bool = False) -> None:
    """Close the connections that cannot be used any more. The next query connects anew.

    After a rollback Django forgets that a connection had an error. `has_failed` says that there was one.
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
    """Close the connection to a standby, which the pool would hand out again.

    A new connection finds the primary if the URL of the database names several hosts, or a host name that moves.
    """
    connection.connection.close()
    connection.close()


def _is_read_only(connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone()[0] == "on")
