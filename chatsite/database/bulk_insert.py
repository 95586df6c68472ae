"""Insert many rows with one statement: COPY on PostgreSQL, and `executemany` elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from django.db import connection
from django.db.models import Field, ForeignKey, Model

from chatsite.database.pipeline import flush


def bulk_insert(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values in the order of `columns`, which are database columns such as `sender_id`.

    Other columns get the database's default. JSON must be text.
    """
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(map(quote, columns))
    if connection.vendor == "postgresql":
        flush()
        with connection.cursor() as cursor:
            raw = cast(Any, cursor).cursor
            with raw.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        return
    convert = [converter(model, name) for name in columns]
    values = [[to(value) for to, value in zip(convert, row, strict=True)] for row in rows]
    if values:
        places = ", ".join(["%s"] * len(columns))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)


def converter(model: type[Model], column: str) -> Callable[[Any], Any]:
    """Return the function that converts a value of this column for SQLite's driver."""
    field: Field[Any, Any] = next(one for one in model._meta.local_concrete_fields if one.column == column)
    target = field.target_field if isinstance(field, ForeignKey) else field
    kind = target.get_internal_type()
    if kind == "UUIDField":
        return lambda value: None if value is None else value.hex
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    return lambda value: value
