"""Run statements on PostgreSQL in one round trip, over libpq's pipeline mode (PostgreSQL manual, 34.5).

psycopg's own pipeline waits after each statement. With Django's cursors it took a quarter of the processor time of a
lone message. This module uses psycopg's wrapper of libpq (`psycopg.pq`), waits once, and prepares the statements that
every message needs. It leaves the connection as Django would, so both can run statements of one transaction.
"""

from __future__ import annotations

import functools
import re
import select
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import psycopg
from django.db import connection
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGconn, PGresult

from chatsite.database.prepared import Connection, Encoded, Take, prepared_statements, refuses_preparation

Rows: TypeAlias = list[tuple[Any, ...]]

_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
_PLACEHOLDER: Final = re.compile(r"%([s%])")


@dataclass(slots=True)
class Asked:
    """A statement with Django's placeholders (`%s`), and its result once it has run."""

    sql: str
    parameters: Sequence[Any]
    is_binary: bool = False  # the format of the result
    is_prepared: bool = True  # its text does not depend on the parameters
    result: PGresult | None = None

    def take(self, result: PGresult) -> None:
        self.result = result

    def rows(self) -> Rows:
        if self.result is None:
            raise psycopg.InterfaceError("The statement has not run, because another one failed.")
        decoder = Transformer(connection.connection)
        decoder.set_pgresult(self.result)
        return decoder.load_rows(0, self.result.ntuples, tuple)


def run_together(asked: Sequence[Asked]) -> None:
    """Run the statements in their order. Raise Django's exception for the first error; the later ones do not run.

    Like Django's cursors, this begins a transaction unless the connection is in autocommit mode.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    if connection.queries_logged:
        connection.queries_log.extend({"sql": one.sql, "time": "0.000"} for one in asked)
    raw: Connection = connection.connection
    with connection.wrap_database_errors:
        encoded = [_encode(raw, one) for one in asked]  # raises for a value that cannot be sent
        is_first = raw.pgconn.transaction_status == pq.TransactionStatus.IDLE
        error = _run(raw, asked, encoded)
        if error is not None and refuses_preparation(raw, error):
            if not is_first:  # the caller must repeat what it did before, and gets `unavailable`
                raise psycopg.OperationalError(str(error)) from error
            raw.rollback()
            error = _run(raw, asked, encoded)
        if error is not None:
            raise error


def _run(raw: Connection, asked: Sequence[Asked], encoded: Sequence[Encoded]) -> psycopg.Error | None:
    try:
        failed = _exchange(raw, asked, encoded)
    except BaseException:
        raw.pgconn.finish()  # there may be results that nobody has read, so nobody may use the connection again
        raise
    return errors.error_from_result(failed, raw.info.encoding) if failed is not None else None


def _encode(raw: Connection, asked: Asked) -> Encoded:
    encoder = Transformer(raw)
    values = encoder.dump_sequence(asked.parameters, [PyFormat.AUTO] * len(asked.parameters))
    result_format = pq.Format.BINARY if asked.is_binary else pq.Format.TEXT
    return _numbered(asked.sql), values, encoder.types or (), encoder.formats, result_format


def _exchange(raw: Connection, asked: Sequence[Asked], encoded: Sequence[Encoded]) -> PGresult | None:
    """Send the statements and read their results. Return the first result that is an error."""
    pg = raw.pgconn
    begins = not raw.autocommit and pg.transaction_status == pq.TransactionStatus.IDLE
    pg.enter_pipeline_mode()
    takers: list[Take] = []
    if begins:
        pg.send_query_params(_begin(raw), None)
        takers.append(lambda result: None)
    takers += _send(raw, asked, encoded)
    pg.pipeline_sync()
    _flush(pg)
    failed: PGresult | None = None
    for take, result in zip(takers, _results(pg), strict=True):
        if result.status in _FAILED:
            failed = failed or result
        else:
            take(result)
    pg.exit_pipeline_mode()
    return failed


def _send(raw: Connection, asked: Sequence[Asked], encoded: Sequence[Encoded]) -> list[Take]:
    """Queue the statements. Return what takes their results."""
    prepared = prepared_statements(raw)
    new: set[bytes] = set()
    takers: list[Take] = []
    for one, arguments in zip(asked, encoded, strict=True):
        if one.is_prepared and prepared.is_allowed:
            takers += prepared.send(raw.pgconn, arguments, new)
        else:
            raw.pgconn.send_query_params(*arguments)
        takers.append(one.take)
    return takers


def _begin(raw: Connection) -> bytes:
    """Begin as psycopg does, by what the project has set on the connection."""
    parts = ["BEGIN"]
    if raw.isolation_level is not None:
        parts.append(f"ISOLATION LEVEL {raw.isolation_level.name.replace('_', ' ')}")
    if raw.read_only is not None:
        parts.append("READ ONLY" if raw.read_only else "READ WRITE")
    if raw.deferrable is not None:
        parts.append("DEFERRABLE" if raw.deferrable else "NOT DEFERRABLE")
    return " ".join(parts).encode()


@functools.lru_cache(maxsize=1_000)
def _numbered(sql: str) -> bytes:
    """Replace Django's placeholders by those of PostgreSQL: `$1`, `$2` and so on."""
    numbers = iter(range(1, len(sql)))
    return _PLACEHOLDER.sub(lambda found: "%" if found[1] == "%" else f"${next(numbers)}", sql).encode()


def _flush(pg: PGconn) -> None:
    """Send what is queued. Read meanwhile, because the server stops reading while nobody takes its results."""
    while pg.flush():
        if _wait(pg, select.POLLIN | select.POLLOUT) & select.POLLIN:
            pg.consume_input()


def _results(pg: PGconn) -> Iterator[PGresult]:
    """Yield the result of each statement up to the synchronization point."""
    while True:
        result = _next_result(pg)
        if result is None or (result.status == pq.ExecStatus.FATAL_ERROR and pg.status == pq.ConnStatus.BAD):
            raise psycopg.OperationalError(
                pg.get_error_message() or "The connection to the database is lost."
            )
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return
        yield result
        _next_result(pg)  # None, the end of the statement's results


def _next_result(pg: PGconn) -> PGresult | None:
    while pg.is_busy():  # `get_result` would wait with the interpreter's lock held
        _wait(pg, select.POLLIN)
        pg.consume_input()
    return pg.get_result()


def _wait(pg: PGconn, events: int) -> int:
    poll = select.poll()
    poll.register(pg.socket, events)
    return poll.poll()[0][1]
