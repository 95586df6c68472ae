"""An old table in any database that the import can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Final, cast

from django.db.backends.base.base import BaseDatabaseWrapper

from tests.legacy.generator import COLUMNS, OldRow

TYPES: Final = {
    "id": "bigint PRIMARY KEY",
    "senderId": "bigint",
    "receiverId": "bigint",
    "businessId": "varchar(36)",
    "customerId": "bigint",
    "isRead": "boolean",
    "readAt": "{time}",
    "createdAt": "{time}",
    "payload": "{json}",
}


class OldTable:
    """The table `messages`, empty."""

    def __init__(self, connection: BaseDatabaseWrapper, name: str = "messages", **types: str) -> None:
        self.connection = connection
        self.name = name
        self.is_postgresql = connection.vendor == "postgresql"
        kinds = (
            {"time": "timestamptz", "json": "json"}
            if self.is_postgresql
            else {"time": "datetime", "json": "text"}
        )
        chosen = {**TYPES, **types}
        columns = ", ".join(f'"{column}" {chosen.get(column, "text").format(**kinds)}' for column in COLUMNS)
        self.execute(f'DROP TABLE IF EXISTS "{name}"')
        self.execute(f'CREATE TABLE "{name}" ({columns})')

    def execute(self, sql: str, values: Iterable[Any] = ()) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, list(values) or None)

    def drop(self) -> None:
        self.execute(f'DROP TABLE IF EXISTS "{self.name}"')

    def fill(self, rows: Iterable[OldRow]) -> Counter[str]:
        """Insert the rows, and return how many there are of each fate."""
        fates: Counter[str] = Counter()
        names = ", ".join(f'"{column}"' for column in COLUMNS)
        source = iter(rows)
        while part := list(islice(source, 10_000)):
            fates.update(row.fate for row in part)
            with self.connection.cursor() as cursor:
                if self.is_postgresql:
                    with cast(Any, cursor).cursor.copy(f'COPY "{self.name}" ({names}) FROM STDIN') as copy:
                        for row in part:
                            copy.write_row(row.as_tuple)
                else:
                    places = ", ".join(["%s"] * len(COLUMNS))
                    values = [[_plain(value) for value in row.as_tuple] for row in part]
                    with self._one_transaction():
                        cursor.executemany(f'INSERT INTO "{self.name}" ({names}) VALUES ({places})', values)
        return fates

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """Use one transaction. On SQLite each row would otherwise be one, and wait for the disk."""
        if self.connection.in_atomic_block:
            yield
            return
        self.execute("BEGIN")
        yield
        self.execute("COMMIT")

    def add(self, **values: Any) -> None:
        """Add a row with the columns that matter."""
        row = {"type": "chat", **values}
        if not self.is_postgresql:
            row = {name: _plain(value) for name, value in row.items()}
        names = ", ".join(f'"{name}"' for name in row)
        self.execute(
            f'INSERT INTO "{self.name}" ({names}) VALUES ({", ".join(["%s"] * len(row))})', row.values()
        )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
