"""Several statements on their way to the database at once, their answers read when they are needed.

Each answer that a thread waits for costs more than the round trip: the thread has to be given the processor and the
interpreter again, which under load takes milliseconds. In PostgreSQL's pipeline mode (libpq, "Pipeline Mode") a batch
waits three times instead of ten. On SQLite a statement answers at once, and everything here is the plain thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import QuerySet
from psycopg.pq import Format

Rows: TypeAlias = list[tuple[Any, ...]]
Later: TypeAlias = Callable[[], Rows]  # the rows, waited for if they have not come yet


@contextmanager
def pipelined() -> Iterator[None]:
    """Inside a transaction: what is asked inside is sent at once, and an error shows where an answer is read or, at the
    latest, at the end of the block."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def ask(sql: str, parameters: Sequence[Any], *, binary: bool = False) -> Later:
    """`binary`: PostgreSQL sends values as it has them, which psycopg turns into uuids and times five times as fast.
    For columns of PostgreSQL's own types alone: a type that it does not know comes as bytes.
    """
    cursor = connection.cursor()
    if binary:
        cursor.cursor.format = Format.BINARY
    cursor.execute(sql, parameters)

    def read() -> Rows:
        with cursor:
            rows: Rows = cursor.fetchall()
        return rows

    return read


def ask_rows(query: QuerySet[Any, Any]) -> Later:
    """As `ask`, for a `values_list` whose columns need no conversion on PostgreSQL."""
    if connection.vendor != "postgresql":
        rows = list(query)
        return lambda: rows
    return ask(*query.query.sql_with_params())
