"""Find the rows that rows of other models refer to, before an undo removes them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from django.db.models import DO_NOTHING, PROTECT, RESTRICT, ManyToOneRel, Model

_PREVENTING: Final = (PROTECT, RESTRICT, DO_NOTHING)


def prevents_removal(relation: ManyToOneRel) -> bool:
    return relation.on_delete in _PREVENTING


def referred_to(
    model: type[Model], keys: Collection[Any], counts: Callable[[ManyToOneRel], bool]
) -> set[Any]:
    """Return those of the rows that a row refers to by a relation that `counts`, hidden relations included."""
    found: set[Any] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and counts(relation):
            key = f"{relation.field.name}__pk"
            rows = relation.related_model._base_manager.filter(**{f"{key}__in": keys}).order_by()
            found |= set(rows.values_list(key, flat=True).distinct())
    return found
