"""Checks of the database: whether it is reachable, migrated and durable, its connections, its clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from chatsite.database.pooler import pools_transactions
from chatsite.doctor.findings import Finding, fail, ok, ok_if, warn

OLDEST_VERSION = 140000  # PostgreSQL 14, the oldest version that Django 5.2 supports
WARN_SKEW, FAIL_SKEW = 1.0, 10.0  # seconds


def examine(processes: int) -> Iterator[Finding]:
    _connect_without_pool()
    began = time.perf_counter()
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = str(error).partition("\n")[0]
        yield fail(
            "database.reachable",
            f"Cannot connect: {reason}",
            "Check DATABASE_URL, the server and the network.",
        )
        return
    took = (time.perf_counter() - began) * 1000
    yield ok("database.reachable", f"{connection.display_name} connected in {took:.0f} ms.")
    yield _migrations()
    if connection.vendor == "postgresql":
        yield _version()
        yield from _durability()
        yield _connections(processes)
        yield _encoding()
        yield _clock()


def _connect_without_pool() -> None:
    """Connect directly. A pool would wait for its timeout and then not report the reason."""
    options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in waiting[:5])
    missing = fail("database.migrations", f"Not applied: {len(waiting)} ({names})", "Run: manage.py migrate")
    return ok_if(not waiting, "database.migrations", "All migrations are applied.", missing)


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def _version() -> Finding:
    shown = _setting("server_version")
    old = fail(
        "database.version", f"PostgreSQL {shown} is too old.", "Django 5.2 needs PostgreSQL 14 or newer."
    )
    is_supported = int(_setting("server_version_num")) >= OLDEST_VERSION
    return ok_if(is_supported, "database.version", f"The server is PostgreSQL {shown}.", old)


def _durability() -> Iterator[Finding]:
    """Check the settings by which PostgreSQL writes an acknowledged message to the disk."""
    advice = "Turn it on. Without it, a crash of the database server can lose acknowledged messages."
    for name in ("synchronous_commit", "fsync", "full_page_writes"):
        value = _setting(name)
        yield ok_if(
            value != "off",
            f"database.{name}",
            f"{name} is {value}.",
            fail(f"database.{name}", f"{name} is off.", advice),
        )


def _connections(processes: int) -> Finding:
    name = "database.connections"
    most = int(_setting("max_connections")) - int(_setting("superuser_reserved_connections"))
    wanted = settings.DATABASE_POOL_SIZE * processes
    pool = settings.DATABASE_POOL_SIZE
    text = f"Processes: {processes}, connections of each: {pool}, together {wanted} of {most}."
    if pools_transactions():
        return ok(name, f"{text} A pooler shares the server's connections between them.")
    if wanted > most:
        advice = (
            "Raise max_connections, lower DATABASE_POOL_SIZE, or use PgBouncer (DATABASE_POOLER=transaction)."
        )
        return fail(name, text, advice)
    if wanted > most * 0.8:
        return warn(
            name, text, "Raise max_connections, to leave room for a rolling restart, migrations and backups."
        )
    return ok(name, text)


def _encoding() -> Finding:
    encoding = _setting("server_encoding")
    other = fail(
        "database.encoding", f"The encoding is {encoding}.", "Create the database with ENCODING 'UTF8'."
    )
    return ok_if(encoding == "UTF8", "database.encoding", "The encoding is UTF-8.", other)


def _clock() -> Finding:
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        answered: datetime = cursor.fetchone()[0]
    skew = answered.timestamp() - (before + time.time()) / 2
    return skew_finding("database.clock", skew, "The clock of the database")


def skew_finding(name: str, skew: float, subject: str) -> Finding:
    """Judge a clock that is `skew` seconds ahead of this machine's."""
    text = f"{subject} is {abs(skew):.3f} s {'ahead of' if skew > 0 else 'behind'} this machine's."
    advice = "Run NTP (chrony, systemd-timesyncd) on both machines. Tokens, tickets and the times of messages need it."
    if abs(skew) >= FAIL_SKEW:
        return fail(name, text, advice)
    return warn(name, text, advice) if abs(skew) >= WARN_SKEW else ok(name, text)
