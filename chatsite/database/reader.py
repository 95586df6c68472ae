"""Reads on the event loop, for what is asked most often: no thread, no ORM, statements that PostgreSQL has prepared.

PostgreSQL only. SQLite has no connection to wait for; what would be read here takes Django's way there.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from chatsite.database.threads import READERS

WAIT: Final = 5.0  # seconds for one of them

_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncConnectionPool[Any]] = WeakKeyDictionary()


@functools.cache
def can_read() -> bool:
    return connection.vendor == "postgresql"


async def fetch_rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement. Raises what psycopg raises."""
    pool = await _pool()
    reading = await pool.getconn(timeout=WAIT)
    try:
        cursor = await reading.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = await cursor.fetchall()
    finally:
        await pool.putconn(reading)  # which replaces it where it has broken
    return rows


async def close_pool() -> None:
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool is not None:
        await pool.close()


async def _pool() -> AsyncConnectionPool[Any]:
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        pool = _pools[loop] = AsyncConnectionPool(
            kwargs=_parameters(),
            configure=_speak_utc,
            min_size=1,
            max_size=READERS,
            timeout=WAIT,
            open=False,
            name="reader",
        )
        await pool.open()
    return pool


def _parameters() -> dict[str, Any]:
    """Django's own, without what is for its cursors."""
    given = connection.get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        given.pop(name, None)
    prepared = {} if settings.DATABASE_PREPARED_READS else {"prepare_threshold": None}
    return {**given, **prepared, "autocommit": True}


async def _speak_utc(reading: AsyncConnection[Any]) -> None:
    """As Django has it for its own connections: times on the wire are in UTC."""
    await reading.execute("SET TIME ZONE 'UTC'")
