"""What was typed into the form of a row stays there when it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def is_refused_row(row: Model, typed: Mapping[str, Any], form: str) -> bool:
    """Return whether `typed`, a form with a wrong entry or empty, is the form of this row."""
    return bool(typed.get("form") == form and typed.get("id") == str(row.pk))


def with_refused_values(rows: Iterable[Row], typed: Mapping[str, Any], form: str, *fields: str) -> list[Row]:
    """Return the rows. The one whose form was refused has what was typed, and must not be saved."""
    shown = list(rows)
    for row in shown:
        if is_refused_row(row, typed, form):
            for name in fields:
                setattr(row, name, typed.get(name, ""))
    return shown
