"""Send several statements to the database at once, and read their results later.

Waiting for a result costs more than the round trip. The thread must get the processor and the interpreter lock back,
which takes milliseconds under load. In PostgreSQL's pipeline mode (libpq, "Pipeline Mode") a batch waits three times
instead of ten. On SQLite every statement runs at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import QuerySet
from psycopg.pq import Format

Rows: TypeAlias = list[tuple[Any, ...]]
Later: TypeAlias = Callable[[], Rows]  # waits for the rows and returns them


@contextmanager
def pipelined() -> Iterator[None]:
    """Send the statements of the block without waiting for their results. Use it inside a transaction.

    An error of a statement is raised where its result is read, or at the end of the block.
    """
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def ask(sql: str, parameters: Sequence[Any], *, binary: bool = False) -> Later:
    """Send a statement. Call the result to read the rows.

    With `binary`, psycopg decodes uuids and times five times as fast. Use it only for PostgreSQL's own types, because
    values of other types come as bytes.
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
    """Like `ask`, for a `values_list` whose columns need no conversion on PostgreSQL."""
    if connection.vendor != "postgresql":
        rows = list(query)
        return lambda: rows
    return ask(*query.query.sql_with_params())
