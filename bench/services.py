"""The PostgreSQL and Redis of the benchmark, and the cores that the processes run on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlsplit

import psutil
import psycopg

from tests.harness.services import PostgreSQL, Redis, Service

# One core runs the server. The other runs the load, PostgreSQL and Redis. With one core, everything shares it.
CORES: Final = sorted(psutil.Process().cpu_affinity() or [])
SERVING: Final = CORES[:1]
THE_REST: Final = CORES[1:] or CORES


class BenchFailed(Exception):
    """A process of the benchmark did not start, or stopped."""


class DurablePostgreSQL(PostgreSQL):
    """Waits for the disk as in production, and counts each statement."""

    def command(self) -> list[str]:
        options = {
            "fsync": "on",
            "shared_buffers": "512MB",
            "max_wal_size": "4GB",
            "shared_preload_libraries": "pg_stat_statements",
        }
        return [
            *super().command(),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ]


def pin(pid: int, cores: Sequence[int]) -> None:
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a process that ended while the server started
            one.cpu_affinity(list(cores))


@dataclass
class Services:
    """One PostgreSQL and one Redis for a whole run, on the other core."""

    postgres: PostgreSQL = field(default_factory=DurablePostgreSQL)
    redis: Redis = field(default_factory=Redis)
    _migrated: str | None = None  # the URL of the database that others are copied from

    def __enter__(self) -> Self:
        for service in (self.postgres, self.redis):
            service.start()
            pin(service.processes()[0].pid, THE_REST)
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()
        self.postgres.close()

    def processor_seconds(self) -> tuple[float, float]:
        """Return what PostgreSQL and Redis have used so far, each with its ended children."""
        return _processor_seconds(self.postgres), _processor_seconds(self.redis)

    def site_database(self, migrate: Callable[[str], object]) -> str:
        """Return a new database, copied from one that `migrate` has prepared.

        Migrating takes longer than most measurements.
        """
        if self._migrated is None:
            self._migrated = self.database()
            migrate(self._migrated)
        url = self.postgres.database_url(f"bench_{secrets.token_hex(4)}")
        name, model = (urlsplit(one).path[1:] for one in (url, self._migrated))
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {model}")
        return url

    def database(self) -> str:
        url = self.postgres.create_database(f"bench_{secrets.token_hex(4)}")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        return url


def _processor_seconds(service: Service) -> float:
    server, *children = service.processes()
    times = server.cpu_times()
    seconds = times.user + times.system + times.children_user + times.children_system
    for child in children:
        with suppress(psutil.NoSuchProcess):  # counted with the ended ones from now on
            own = child.cpu_times()
            seconds += own.user + own.system
    return float(seconds)
