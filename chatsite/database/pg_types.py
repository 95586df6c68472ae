"""The PostgreSQL types of a model's columns, and the functions that write columns as array literals."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import connection, models

from chatsite.database.pg_arrays import array, booleans, numbers, texts, times, uuids

Maker = Callable[[Iterable[Any]], str]

_MAKERS: Final[tuple[tuple[type[models.Field[Any, Any]], Maker], ...]] = (
    (models.UUIDField, uuids),
    (models.IntegerField, numbers),  # and its subclasses
    (models.BooleanField, booleans),
    (models.CharField, texts),
    (models.TextField, texts),
)


@functools.cache
def column_type(model: type[models.Model], name: str) -> str:
    """Return the PostgreSQL type of a column. A foreign key has the type of the key that it refers to."""
    kind = _field(model, name).db_type(connection) or "text"
    return "text" if kind.startswith("varchar") else kind


@functools.cache
def array_maker(model: type[models.Model], name: str) -> Maker:
    """Return the function that writes values of a column as an array literal."""
    field = _field(model, name)
    if isinstance(field, models.DateTimeField):
        return times
    if field.null:
        return array
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return next((maker for kind, maker in _MAKERS if isinstance(target, kind)), array)


@functools.cache
def unnested(model: type[models.Model], names: tuple[str, ...]) -> str:
    """Return `unnest(…)` with one array parameter for each column."""
    return f"unnest({', '.join(f'%s::{column_type(model, name)}[]' for name in names)})"


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return next(field for field in model._meta.concrete_fields if field.attname == name)
