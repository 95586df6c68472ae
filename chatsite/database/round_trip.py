"""Run statements on PostgreSQL in one round trip, over libpq's pipeline mode (PostgreSQL manual, 34.5).

psycopg and Django spend a tenth of a millisecond of processor time on each statement, which was two thirds of the cost
of a message. This module spends a tenth of that. It uses psycopg's wrapper of libpq (`psycopg.pq`), waits once, and
prepares the statements. It leaves the connection as Django would, so both can run statements of one transaction.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
import select
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGconn, PGresult

logger = logging.getLogger(__name__)

Rows: TypeAlias = list[tuple[Any, ...]]
Connection: TypeAlias = psycopg.Connection[Any]

# Runs of a prepared statement, after which it is prepared again. PostgreSQL keeps its plan, which may be wrong for
# tables that have grown.
RUNS: Final = 300
_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
_PLACEHOLDER: Final = re.compile(r"%([s%])")
_prepared: WeakKeyDictionary[Connection, dict[bytes, int]] = (
    WeakKeyDictionary()
)  # the runs of each statement's name


class _Pooler:
    """What is known of a connection pooler between this process and PostgreSQL."""

    keeps_statements = True
    errors = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)  # if it does not keep them


@dataclass(slots=True)
class Asked:
    """A statement with Django's placeholders (`%s`), and its result once it has run."""

    sql: str
    parameters: Sequence[Any]
    is_binary: bool = False  # the format of the result
    is_prepared: bool = True
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
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.extend({"sql": one.sql, "time": "0.000"} for one in asked)
    raw: Connection = connection.connection
    begins = raw.pgconn.transaction_status == pq.TransactionStatus.IDLE
    with connection.wrap_database_errors:
        try:
            _run(raw, asked)
        except _Pooler.errors:
            if not begins:
                raise
            logger.warning(
                "The connection pooler does not keep prepared statements. They are not used any more."
            )
            _Pooler.keeps_statements = False
            raw.rollback()
            _run(raw, asked)


def _run(raw: Connection, asked: Sequence[Asked]) -> None:
    try:
        failed = _exchange(raw, asked)
    except BaseException:
        raw.pgconn.finish()  # there may be results that nobody has read, so the connection must not be used again
        raise
    if failed is not None:
        raise errors.error_from_result(failed, raw.info.encoding)


def _exchange(raw: Connection, asked: Sequence[Asked]) -> PGresult | None:
    """Send the statements and read their results. Return the first result that is an error."""
    pg = raw.pgconn
    pg.enter_pipeline_mode()
    sender = _Sender(raw)
    if not raw.autocommit and pg.transaction_status == pq.TransactionStatus.IDLE:
        sender.send(_begin(raw))
    for one in asked:
        sender.send_asked(one)
    pg.pipeline_sync()
    _flush(pg)
    failed: PGresult | None = None
    for take, result in zip(sender.takers, _results(pg), strict=True):
        if result.status not in _FAILED:
            take(result)
        elif failed is None:
            failed = result
    pg.exit_pipeline_mode()
    return failed


class _Sender:
    """Queues statements on a connection in pipeline mode."""

    def __init__(self, raw: Connection) -> None:
        self.takers: list[Callable[[PGresult], object]] = []  # what to do with the result of each
        self._raw = raw
        self._runs = _prepared.setdefault(raw, {})
        self._new: set[bytes] = set()

    def send(self, sql: bytes, take: Callable[[PGresult], object] = lambda result: None) -> None:
        self._raw.pgconn.send_query_params(sql, None)
        self.takers.append(take)

    def send_asked(self, asked: Asked) -> None:
        encoder = Transformer(self._raw)
        values = encoder.dump_sequence(asked.parameters, [PyFormat.AUTO] * len(asked.parameters))
        types, formats = encoder.types or (), encoder.formats
        sql, result_format = _numbered(asked.sql), pq.Format.BINARY if asked.is_binary else pq.Format.TEXT
        if asked.is_prepared and _Pooler.keeps_statements:
            name = self._prepare(sql, types)
            self._raw.pgconn.send_query_prepared(name, values, formats, result_format)
        else:
            self._raw.pgconn.send_query_params(sql, values, types, formats, result_format)
        self.takers.append(asked.take)

    def _prepare(self, sql: bytes, types: tuple[int, ...]) -> bytes:
        """Return the name of the prepared statement."""
        name = _name(sql, types)
        runs = self._runs.get(name)
        if name in self._new:
            return name
        if runs is not None and runs < RUNS:
            self._runs[name] = runs + 1
            return name
        self._new.add(name)
        if runs is not None:
            self.send(b"DEALLOCATE " + name, lambda result: self._runs.pop(name))
        self._raw.pgconn.send_prepare(name, sql, types)
        self.takers.append(lambda result: self._runs.update({name: 1}))
        return name


def _begin(raw: Connection) -> bytes:
    level = raw.isolation_level
    return b"BEGIN" if level is None else f"BEGIN ISOLATION LEVEL {level.name.replace('_', ' ')}".encode()


@functools.lru_cache(maxsize=1_000)
def _numbered(sql: str) -> bytes:
    """Replace Django's placeholders by those of PostgreSQL: `$1`, `$2` and so on."""
    numbers = iter(range(1, len(sql)))
    return _PLACEHOLDER.sub(lambda found: "%" if found[1] == "%" else f"${next(numbers)}", sql).encode()


@functools.lru_cache(maxsize=1_000)
def _name(sql: bytes, types: tuple[int, ...]) -> bytes:
    """Name a statement by its text, so that no other one can run in its place if a pooler mixes up its clients."""
    return b"chat_" + hashlib.sha256(sql + repr(types).encode()).hexdigest()[:32].encode()


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
