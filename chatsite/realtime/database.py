"""Database work off the event loop, on a few threads that keep their connection.

Django ties a connection to its thread. Channels' `database_sync_to_async` runs everything on one thread and closes
the connection around each call; here a small pool of threads works in parallel and lets go of a connection only when
it has broken. `DATABASE_POOL_SIZE` must exceed the threads (a system check of PostgreSQL's pool says so otherwise).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, reset_queries

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 4
_executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="database")
hops = 0  # times that the event loop handed work to a thread; read by benchmarks and tests


async def in_database_thread(function: Callable[P, R], /, *arguments: P.args, **options: P.kwargs) -> R:
    """Run a function that reads or writes the database."""
    return await run_in(_executor, partial(function, *arguments, **options))


async def run_in(executor: ThreadPoolExecutor, call: Callable[[], R]) -> R:
    global hops
    hops += 1
    return await asyncio.get_running_loop().run_in_executor(executor, _with_sound_connection, call)


def _with_sound_connection(call: Callable[[], R]) -> R:
    try:
        return call()
    finally:
        drop_broken_connections()
        if settings.DEBUG:
            reset_queries()  # Django keeps the last 9,000 statements for the request that ends; here none ends


def drop_broken_connections() -> None:
    """Close what a lost server or a failed query left unusable; the next query connects anew."""
    for connection in connections.all(initialized_only=True):
        if not connection.errors_occurred or connection.in_atomic_block:
            continue
        try:
            usable = connection.is_usable()
        except (OperationalError, InterfaceError):
            usable = False
        if usable:
            connection.errors_occurred = False
        else:
            connection.close()
