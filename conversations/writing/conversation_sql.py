"""SQL to update conversations, and to lock them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Model

from chatsite.database.pg_types import array_maker, unnested
from chatsite.database.pipeline import tell
from conversations.columns import CONVERSATIONS, Written
from conversations.conversation_rows import ask_conversation_rows
from conversations.models import Conversation


def lock_conversations(ids: Collection[UUID]) -> dict[UUID, Conversation]:
    """Lock the conversations in the order of their ids, so that two transactions cannot block each other.

    Business and customer are loaded. Do not change these objects, because other threads use them too.
    """
    return ask_locks(ids)()


def ask_locks(ids: Collection[UUID], *, with_people: bool = True) -> Callable[[], dict[UUID, Conversation]]:
    """Like `lock_conversations`, in a pipeline. Call the result to read the rows.

    Without `with_people`, business and customer are not loaded.
    """
    return ask_conversation_rows(ids, lock=True, with_people=with_people)


_CHANGED: Final = CONVERSATIONS.written_by(Written.CHANGE)
_changed_values: Final = attrgetter(*_CHANGED, "id")


def update_conversations(conversations: Sequence[Conversation]) -> None:
    """Update locked conversations: every column that a change may set."""
    rows = [_changed_values(conversation) for conversation in conversations]
    if connection.vendor == "postgresql":
        names = (*_CHANGED, "id")
        arrays = [
            array_maker(Conversation, name)(column)
            for name, column in zip(names, zip(*rows, strict=True), strict=True)
        ]
        tell(_update_statement(), arrays)
        return
    # On SQLite a statement is cheap. Django's `bulk_update` took a fifth of the time of the embedded server.
    sql = f"UPDATE {CONVERSATIONS.database_name} SET {', '.join(f'{name} = %s' for name in _CHANGED)} WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, prepared_rows(Conversation, (*_CHANGED, "id"), rows))


@functools.cache
def _update_statement() -> str:
    names = (*_CHANGED, "id")
    return f"""
        UPDATE {CONVERSATIONS.database_name} c SET {", ".join(f"{name} = v.{name}" for name in _CHANGED)}
        FROM {unnested(Conversation, names)} AS v({", ".join(names)}) WHERE c.id = v.id"""


def prepared_rows(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Convert rows of columns for the database driver. Not needed for PostgreSQL's arrays."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    fields = [by_name[name] for name in names]
    return [
        [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
        for row in rows
    ]
