"""PostgreSQL's names for the types of a model's columns, for the casts of array literals."""

from __future__ import annotations

import functools

from django.db import connection, models


@functools.cache
def column_type(model: type[models.Model], name: str) -> str:
    """The PostgreSQL type of a column. A foreign key has the type of the key that it points to."""
    by_column = {field.attname: field for field in model._meta.concrete_fields}
    kind = by_column[name].db_type(connection) or "text"
    return "text" if kind.startswith("varchar") else kind
