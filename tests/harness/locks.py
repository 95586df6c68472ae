"""Whether transactions of the site wait for a lock that a test holds."""

from __future__ import annotations

import psycopg

from tests.harness.rest import eventually

WAITING = "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


async def until_somebody_waits(locker: psycopg.Connection) -> None:
    """Return once a transaction waits for one of this session."""

    async def somebody_waits() -> bool:
        return locker.execute(WAITING).fetchone() is not None

    await eventually(somebody_waits, "a transaction waits for the lock")
