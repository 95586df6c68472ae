"""Send several statements to the database at once, and read their results later.

In a block of `pipelined`, statements wait until a result is read, until Django sends a statement of its own, or until
the block ends. Then all that wait are sent together, and the thread waits for the database once. On SQLite every
statement runs at once.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from django.db import connection
from django.db.models import Field, QuerySet
from django.db.models.expressions import RawSQL

from chatsite.database.pg_arrays import array
from chatsite.database.round_trip import Asked, Rows, run_together

Later: TypeAlias = Callable[[], Rows]  # waits for the rows and returns them


class _Pipeline:
    """The statements of a block that have not been sent."""

    def __init__(self) -> None:
        self._waiting: list[Asked] = []

    def ask(self, asked: Asked) -> Later:
        self._waiting.append(asked)

        def read() -> Rows:
            self.flush()
            return asked.rows()

        return read

    def flush(self) -> None:
        asked, self._waiting = self._waiting, []
        if asked:
            run_together(asked)

    def commit(self) -> None:
        if self._waiting:
            self._waiting.append(Asked("COMMIT", (), is_prepared=False))
            self.flush()

    def flush_before(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Keep the order of statements. Django calls this with each statement of its own."""
        self.flush()
        return execute(sql, params, many, context)


_block = threading.local()  # `pipeline`: that of the thread's block


def _current() -> _Pipeline | None:
    found: _Pipeline | None = getattr(_block, "pipeline", None)
    return found


@contextmanager
def pipelined() -> Iterator[None]:
    """Let the statements of `ask` and `tell` wait for each other in this block.

    An error of a statement is raised where the waiting statements are sent. If an exception leaves the block, the
    statements that still wait are not sent.
    """
    if connection.vendor != "postgresql" or _current() is not None:
        yield
        flush()  # the transaction of an inner block may end now
        return
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    pipeline = _block.pipeline = _Pipeline()
    try:
        with connection.execute_wrapper(pipeline.flush_before):
            yield
        pipeline.flush()
    finally:
        _block.pipeline = None


def flush() -> None:
    """Send the statements that wait. Call this before psycopg is used without one of Django's cursors."""
    pipeline = _current()
    if pipeline is not None:
        pipeline.flush()


def commit() -> None:
    """Send the statements that wait and the COMMIT of the transaction together.

    Call this at the end of the outermost `atomic` block. Django's COMMIT then finds no transaction, and is not sent. If
    no statement waits, Django commits.
    """
    pipeline = _current()
    if pipeline is not None:
        pipeline.commit()


def ask(sql: str, parameters: Sequence[Any], *, binary: bool = False, prepared: bool = True) -> Later:
    """Send a statement. Call the result to read the rows.

    Its text must not depend on the parameters if it is `prepared`, because PostgreSQL keeps its plan. With `binary`,
    uuids and times are decoded five times as fast. Use it only for PostgreSQL's own types, because values of other
    types come as bytes.
    """
    if connection.vendor == "postgresql":
        return _send(Asked(sql, parameters, is_binary=binary, is_prepared=prepared))
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: Rows = cursor.fetchall()
    return lambda: rows


def tell(sql: str, parameters: Sequence[Any]) -> None:
    """Send a statement whose result nobody reads."""
    if connection.vendor == "postgresql":
        _send(Asked(sql, parameters))
        return
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def ask_rows(query: QuerySet[Any, Any]) -> Later:
    """Like `ask`, for a `values_list` whose columns need no conversion on PostgreSQL."""
    if connection.vendor == "postgresql":
        return _send(Asked(*query.query.sql_with_params(), is_prepared=False))
    rows = list(query)
    return lambda: rows


Build: TypeAlias = Callable[..., QuerySet[Any, Any]]


def ask_among(build: Build, *values: Collection[Any]) -> Later:
    """Like `ask_rows`, for the query that `build` returns for collections of values, which it passes to `among`.

    Django compiles the query once, because that takes longer than PostgreSQL needs to run it. So `build` must be a
    function of a module, and its query must depend on nothing but the values. It finds nothing among an empty
    collection.
    """
    if not all(values):
        return list
    if connection.vendor != "postgresql":
        return ask_rows(build(*values))
    return _send(_asked(build, values))


class _Values:
    """Stands for one of the collections where a query is compiled."""


def _asked(build: Build, values: Sequence[Collection[Any]]) -> Asked:
    sql, parameters = _compiled(build, len(values))
    places = {marker: array(given) for marker, given in zip(_MARKERS, values, strict=False)}
    return Asked(sql, [places[one[0]] if _is_marked(one) else one for one in parameters])


_MARKERS: Final = (_Values(), _Values(), _Values())


def _is_marked(parameter: Any) -> bool:
    return isinstance(parameter, list) and len(parameter) == 1 and isinstance(parameter[0], _Values)


@functools.cache
def _compiled(build: Build, count: int) -> tuple[str, tuple[Any, ...]]:
    query = build(*([marker] for marker in _MARKERS[:count])).query
    return query.sql_with_params()


def among(field: Field[Any, Any], values: Collection[Any]) -> Any:
    """Return the right side of an `__in` lookup on the field, for thousands of values.

    On PostgreSQL they are one parameter, because psycopg takes 0.1 s for a statement with 10,000 parameters.
    """
    if connection.vendor != "postgresql":
        return values
    return RawSQL(f"SELECT unnest(%s::{field.rel_db_type(connection)}[])", [list(values)])


def _send(asked: Asked) -> Later:
    pipeline = _current()
    if pipeline is not None:
        return pipeline.ask(asked)
    run_together([asked])
    return asked.rows
