"""An index for the time of one command, over a column that usually has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model


@contextmanager
def temporary_index(name: str, model: type[Model], column: str) -> Iterator[None]:
    """Index a column for the block. PostgreSQL builds and drops the index beside running writes.

    A killed block leaves its index. The next one of the same name replaces it, because it may be incomplete. Within a
    transaction PostgreSQL cannot do this, and the block runs without the index.
    """
    if connection.in_atomic_block:
        yield
        return
    drop_index(name)
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX {_beside()}{quoted(name)} ON {quoted(model._meta.db_table)} ({quoted(column)})"
        )
    try:
        yield
    finally:
        drop_index(name)


def drop_index(name: str) -> None:
    """Drop the index that a killed block has left, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {_beside()}IF EXISTS {connection.ops.quote_name(name)}")


def _beside() -> str:
    return "CONCURRENTLY " if connection.vendor == "postgresql" and not connection.in_atomic_block else ""
