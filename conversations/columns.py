"""What PostgreSQL calls the types of our columns, for the casts of array literals."""

from __future__ import annotations

import functools

from django.db import connection

from conversations.models import ChatMessage, Conversation


@functools.cache
def column_type(model: type[ChatMessage] | type[Conversation], name: str) -> str:
    """The PostgreSQL type of a column (foreign keys have the type of what they point to)."""
    if name.endswith("_id") and name != "client_id":
        field = model._meta.get_field(name.removesuffix("_id"))
    else:
        field = model._meta.get_field(name)
    kind = field.db_type(connection) or "text"
    return "text" if kind.startswith("varchar") else kind
