"""Read the old table: keys in the order of (created, id), then rows by id. Nothing is written to it.

Keys are read in large pages, and the rows that have not been moved in batches. Each page and batch is a statement of
its own, so no transaction and no cursor stays open during the import. An interrupted import reads only the keys of the
rows that have been moved. No page needs an index, which the old table may not have.

Values are read as text (PostgreSQL) or as they are stored (SQLite), without the conversions of the driver. So a value
such as `infinity`, the year 12000, or text in a date column rejects one row and does not end the import.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from chatsite.legacy_import.column_mapping import Column, ColumnMap
from chatsite.legacy_import.errors import ImportStopped

KEY_PAGE: Final = 100_000
PAYLOAD_LENGTH: Final = 65_536  # characters of a JSON payload
_IDS_PER_STATEMENT: Final = 500  # below SQLite's limit of parameters

Key = tuple[Any, Any]  # created, id
Row = dict[str, Any]  # the values of the mapped fields


class SourceTable:
    """The old table, read through a connection that may be the site's own."""

    def __init__(self, connection: BaseDatabaseWrapper, table: str) -> None:
        if connection.vendor not in ("postgresql", "sqlite"):
            raise ImportStopped(
                f"The old table can be read from PostgreSQL and SQLite, not from {connection.vendor}."
            )
        self.connection = connection
        self.is_postgresql = connection.vendor == "postgresql"
        if self.is_postgresql:  # the database may have another default format for times
            self._all("SELECT set_config('datestyle', 'ISO', false)")
        self.table = ".".join(connection.ops.quote_name(part) for part in table.split("."))
        self.columns = self._read_columns(table)
        self._kinds = {column.name: column.kind for column in self.columns}
        self._map = ColumnMap({})

    def use(self, columns: ColumnMap) -> None:
        """Use this mapping. The ids must be unique."""
        columns.require()
        self._map = columns
        name = self._quoted("id")
        (rows, distinct) = self._one(
            f"SELECT count({name}), count(DISTINCT {self._id_text()}) FROM {self.table} AS old"
        )
        if rows != distinct:
            raise ImportStopped(
                f"The column {columns.columns['id']} has {rows - distinct} repeated values. "
                "Use --map to choose a column with unique values as id."
            )

    def _id_text(self) -> str:
        """SQL for the id as `parse_id` returns it. In an untyped column, 1 and ' 1' are two values of the same id."""
        name = self._quoted("id")
        if not self.is_postgresql:
            whole = f"typeof({name}) = 'real' AND {name} = CAST({name} AS INTEGER)"
            text = f"CASE WHEN {whole} THEN CAST({name} AS INTEGER) ELSE {name} END"
            blanks = "' ' || char(9, 10, 11, 12, 13)"
            return f"CASE typeof({name}) WHEN 'blob' THEN lower(hex({name})) ELSE trim({text}, {blanks}) END"
        if self._kind("id") in ("smallint", "integer", "bigint", "uuid"):
            return name
        return f"btrim({name}::text, E' \\t\\n\\v\\f\\r')"

    # --- Columns and counts -------------------------------------------------------------------------------------------

    def _read_columns(self, table: str) -> list[Column]:
        if self.is_postgresql:
            rows = self._all(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
                "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                [self.table],
            )
        else:
            rows = self._all("SELECT name, type FROM pragma_table_info(%s)", [table])
        if not rows:
            raise ImportStopped(f"There is no table {table} in this database.")
        return [Column(name, kind) for name, kind in rows]

    def estimate(self) -> int:
        """Return the approximate number of rows: the estimate of PostgreSQL's planner if there is one, or a count."""
        if self.is_postgresql:
            (guess,) = self._one(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [self.table]
            )
            if guess > 0:
                return int(guess)
        return self.count()

    def count(self) -> int:
        return int(self._one(f"SELECT count(*) FROM {self.table} AS old")[0])

    def count_without_id(self) -> int:
        return int(
            self._one(f"SELECT count(*) FROM {self.table} AS old WHERE {self._quoted('id')} IS NULL")[0]
        )

    def values_of(self, column: str, most: int) -> list[tuple[Any, int]]:
        """Return the most frequent values of a column with their counts."""
        name = self.connection.ops.quote_name(column)
        shown = f"{name}::text" if self.is_postgresql else f"+{name}"
        return self._all(
            f"SELECT {shown}, count(*) FROM {self.table} AS old GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {int(most)}"
        )

    # --- Keys ---------------------------------------------------------------------------------------------------------

    def keys(self, since: str = "") -> Iterator[list[Key]]:
        """Yield all keys in pages, in the order of (created, id). Keys without a time come last, ordered by id."""
        created, id_ = self._quoted("created"), self._quoted("id")
        shown = f"{self._plain('created')}, {self._plain('id')}"
        dated = f"SELECT {shown} FROM {self.table} AS old WHERE {created} IS NOT NULL AND {id_} IS NOT NULL"
        bound = f" AND {created} >= {self._parameter('created')}" if since else ""
        after = f" AND ({created}, {id_}) > ({self._parameter('created')}, {self._parameter('id')})"
        end = f" ORDER BY {created}, {id_} LIMIT {KEY_PAGE}"
        yield from self._pages(dated + bound + end, dated + after + end, [since] if since else [], 0)
        undated = f"SELECT {shown} FROM {self.table} AS old WHERE {created} IS NULL AND {id_} IS NOT NULL"
        end = f" ORDER BY {id_} LIMIT {KEY_PAGE}"
        if not since:
            yield from self._pages(
                undated + end, f"{undated} AND {id_} > {self._parameter('id')}{end}", [], 1
            )

    def _pages(self, first: str, following: str, values: list[Any], key_from: int) -> Iterator[list[Key]]:
        page: list[Key] = self._all(first, values)
        while page:
            yield page
            if len(page) < KEY_PAGE:
                return
            page = self._all(following, list(page[-1][key_from:]))

    # --- Rows ---------------------------------------------------------------------------------------------------------

    def rows(self, ids: Sequence[Any]) -> list[Row]:
        """Return the rows with these ids, in the same order. A row that was deleted meanwhile is left out."""
        fields = list(self._map.columns)
        select = f"SELECT {', '.join(map(self._shown, fields))} FROM {self.table} AS old WHERE {self._quoted('id')}"
        found: dict[Any, Row] = {}
        for start in range(0, len(ids), len(ids) if self.is_postgresql else _IDS_PER_STATEMENT):
            if self.is_postgresql:
                rows = self._all(f"{select} = ANY(%s::{self._kind('id')}[])", [list(ids)])
            else:
                part = ids[start : start + _IDS_PER_STATEMENT]
                rows = self._all(f"{select} IN ({', '.join(['%s'] * len(part))})", part)
            found.update((row[0], dict(zip(fields, row, strict=True))) for row in rows)
        return [found[id_] for id_ in ids if id_ in found]

    def _shown(self, field: str) -> str:
        """SQL for a field. A text that is longer than the limit is cut just above it, so that it is still rejected."""
        most = {"content": settings.CHAT.message_length, "payload": PAYLOAD_LENGTH}.get(field)
        if most is None:
            return self._plain(field)
        name = self._quoted(field)
        if self.is_postgresql:
            return f"left({name}::text, {most + 1})"
        # SQLite's substr() of a text ends at a NUL, so the bytes are cut.
        size = 4 * most
        as_bytes = f"CAST({name} AS BLOB)"
        return (
            f"CASE WHEN length({as_bytes}) <= {size} THEN +{name} ELSE substr({as_bytes}, 1, {size + 4}) END"
        )

    # --- SQL ----------------------------------------------------------------------------------------------------------

    def _quoted(self, field: str) -> str:
        # With the table's name, because ORDER BY "id" would sort by the selected text with that name.
        return f"old.{self.connection.ops.quote_name(self._map.columns[field])}"

    def _kind(self, field: str) -> str:
        return self._kinds[self._map.columns[field]]

    def _plain(self, field: str) -> str:
        """SQL for a column without the driver's conversion: as text, or on SQLite as an expression without a type."""
        return f"{self._quoted(field)}::text" if self.is_postgresql else f"+{self._quoted(field)}"

    def _parameter(self, field: str) -> str:
        return f"%s::{self._kind(field)}" if self.is_postgresql else "%s"

    def _one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._all(sql, values)[0]
        return row

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self.connection.cursor() as cursor, _any_text(self.connection):
            cursor.execute(sql, list(values) or None)
            rows: list[Any] = cursor.fetchall()
            return rows


@contextmanager
def _any_text(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Accept text that is not UTF-8, which SQLite may contain, so that its row can be rejected without an error."""
    if connection.vendor != "sqlite":
        yield
        return
    raw = connection.connection
    before, raw.text_factory = raw.text_factory, _decode
    try:
        yield
    finally:
        raw.text_factory = before


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
