"""Prepared statements of a connection (PostgreSQL manual, "PREPARE"), over libpq's pipeline mode.

PostgreSQL needs longer to parse and plan the statements of a lone message than to run them. It parses a prepared
statement once, and keeps its plan.

- A plan may be wrong after tables have grown. So a statement is prepared anew after PLAN_SECONDS.
- If a migration changes the type of a column, prepared statements fail. The connection then stops preparing.
- A pooler of transactions runs a statement in a session that may not know it. `DATABASE_POOLER` says that there is one.
  A statement is named by its text, so that without the setting it fails, and no other one runs in its place.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors, pq
from psycopg.pq.abc import PGconn, PGresult

from chatsite.database.pooler import pools_transactions

logger = logging.getLogger(__name__)

Connection: TypeAlias = psycopg.Connection[Any]
Take: TypeAlias = Callable[[PGresult], object]  # gets the result of a statement that succeeded
# The arguments of `send_query_params`.
Encoded: TypeAlias = tuple[bytes, Any, tuple[int, ...], Any, pq.Format]

PLAN_SECONDS: Final = 5.0
_REFUSALS: Final = (
    errors.FeatureNotSupported,  # "cached plan must not change result type"
    errors.InvalidSqlStatementName,
    errors.DuplicatePreparedStatement,
)


class PreparedStatements:
    """The statements that a connection has prepared."""

    def __init__(self) -> None:
        self._since: dict[bytes, float] = {}  # the time of each, by its name
        self.is_allowed = not pools_transactions()

    def send(self, pg: PGconn, encoded: Encoded, new: set[bytes]) -> list[Take]:
        """Queue a statement. `new` has the statements that this round trip prepares.

        Return what takes the results that come before that of the statement.
        """
        sql, values, types, formats, result_format = encoded
        name = _name(sql, types)
        takers: list[Take] = []
        if name not in new and time.monotonic() - self._since.get(name, -PLAN_SECONDS) >= PLAN_SECONDS:
            takers = self._prepare(pg, name, sql, types)
            new.add(name)
        pg.send_query_prepared(name, values, formats, result_format)
        return takers

    def _prepare(self, pg: PGconn, name: bytes, sql: bytes, types: tuple[int, ...]) -> list[Take]:
        takers: list[Take] = []
        if name in self._since:
            pg.send_query_params(b"DEALLOCATE " + name, None)
            takers.append(lambda result: self._since.pop(name))
        pg.send_prepare(name, sql, types)
        takers.append(lambda result: self._since.update({name: time.monotonic()}))
        return takers


_of: WeakKeyDictionary[Connection, PreparedStatements] = WeakKeyDictionary()


def prepared_statements(raw: Connection) -> PreparedStatements:
    found = _of.get(raw)
    if found is None:
        found = _of[raw] = PreparedStatements()
    return found


def refuses_preparation(raw: Connection, error: psycopg.Error) -> bool:
    """Return whether a statement failed because it was prepared. Then the connection stops preparing."""
    prepared = prepared_statements(raw)
    if not prepared.is_allowed or not isinstance(error, _REFUSALS):
        return False
    logger.warning("a connection to the database stops preparing statements: %s", error)
    prepared.is_allowed = False
    return True


@functools.lru_cache(maxsize=1_000)
def _name(sql: bytes, types: tuple[int, ...]) -> bytes:
    return b"chat_" + hashlib.sha256(sql + repr(types).encode()).hexdigest()[:32].encode()
