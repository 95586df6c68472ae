"""The database: reachable, migrated, durable, large enough, and of the same time as this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from chatsite.doctor.findings import Finding, fail, judged, ok, warn

OLDEST = 140000  # PostgreSQL 14, the oldest that Django 5.2 takes
SKEW_WARNED, SKEW_REFUSED = 1.0, 10.0  # seconds


def examine(processes: int) -> Iterator[Finding]:
    _leave_the_pool()
    began = time.perf_counter()
    try:
        connection.ensure_connection()
    except OperationalError as error:
        said = str(error).partition("\n")[0]
        yield fail(
            "database.reachable",
            f"cannot connect: {said}",
            "Check DATABASE_URL, the server and the way to it.",
        )
        return
    took = (time.perf_counter() - began) * 1000
    yield ok("database.reachable", f"{connection.display_name}, connected in {took:.0f} ms")
    yield _migrations()
    if connection.vendor == "postgresql":
        yield _version()
        yield from _durability()
        yield _connections(processes)
        yield _encoding()
        yield _clock()


def _leave_the_pool() -> None:
    """A pool would wait for its time to run out, and then not tell why."""
    options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in waiting[:5])
    missing = fail("database.migrations", f"{len(waiting)} not applied: {names}", "Run: manage.py migrate")
    return judged("database.migrations", not waiting, "all applied", missing)


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def _version() -> Finding:
    shown = _setting("server_version")
    old = fail(
        "database.version", f"PostgreSQL {shown} is too old", "Django 5.2 needs PostgreSQL 14 or newer."
    )
    return judged(
        "database.version", int(_setting("server_version_num")) >= OLDEST, f"PostgreSQL {shown}", old
    )


def _durability() -> Iterator[Finding]:
    """The promise: what was acknowledged is on the disk."""
    advice = "Turn it on: an acknowledged message may be lost in a crash of the database's machine."
    for name in ("synchronous_commit", "fsync", "full_page_writes"):
        value = _setting(name)
        yield judged(
            f"database.{name}",
            value != "off",
            f"{name} = {value}",
            fail(f"database.{name}", f"{name} is off", advice),
        )


def _connections(processes: int) -> Finding:
    name = "database.connections"
    most = int(_setting("max_connections")) - int(_setting("superuser_reserved_connections"))
    wanted = settings.DATABASE_POOL_SIZE * processes
    text = f"{processes} processes of up to {settings.DATABASE_POOL_SIZE} take {wanted} of {most}"
    if wanted > most:
        advice = "Raise max_connections, lower DATABASE_POOL_SIZE, or put PgBouncer between."
        return fail(name, text, advice)
    if wanted > most * 0.8:
        return warn(
            name, text, "Leave room for a rolling restart, migrations and backups: raise max_connections."
        )
    return ok(name, text)


def _encoding() -> Finding:
    encoding = _setting("server_encoding")
    other = fail(
        "database.encoding", f"the encoding is {encoding}", "Create the database with ENCODING 'UTF8'."
    )
    return judged("database.encoding", encoding == "UTF8", "UTF-8", other)


def _clock() -> Finding:
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return skew_finding("database.clock", told.timestamp() - (before + time.time()) / 2, "the database's")


def skew_finding(name: str, skew: float, whose: str) -> Finding:
    """`skew` in seconds, how far the other clock is ahead of ours."""
    text = f"{whose} clock is {abs(skew):.3f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    advice = (
        "Run NTP (chrony, systemd-timesyncd) on both: tokens, tickets and times of messages go by the clock."
    )
    if abs(skew) >= SKEW_REFUSED:
        return fail(name, text, advice)
    return warn(name, text, advice) if abs(skew) >= SKEW_WARNED else ok(name, text)
