"""The pages of a list over REST: `{results, next, previous}`, by cursor and limited in bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework import exceptions, pagination
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.errors import invalid
from chatsite.http.byte_budget import ByteBudget
from chatsite.http.cursors import WRONG_CURSOR
from chatsite.http.query_parameters import query_integer


class CursorPages(pagination.CursorPagination):
    """Pages by `?cursor=` and `?limit=` over an index. The cost does not grow with the page, and bytes are limited."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering: Any = ()

    def respond(
        self, request: Request, rows: QuerySet[Any, Any], as_object: Callable[[Any], Any]
    ) -> Response:
        """Return the requested page of these rows. `as_object` makes the wire object of a row."""
        query_integer(request, "limit", at_least=1, at_most=self.max_page_size)
        found = self.paginate_queryset(rows, request) or []
        objects = self._fit([as_object(row) for row in found])
        return page(objects, following=self.get_next_link(), previous=self.get_previous_link())

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.model = queryset.model
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Any:
        """Accept a cursor only if this list can have created it: its position must be a value of the column."""
        try:
            cursor = super().decode_cursor(request)
        except exceptions.NotFound as error:
            raise invalid(WRONG_CURSOR, field="cursor") from error
        if cursor is None or not request.query_params.get(self.cursor_query_param):
            return None
        if cursor.position is None:
            known = bool(cursor.offset or cursor.reverse)
        else:
            known = _can_be(self.model._meta.get_field(self._column), str(cursor.position))
        if not known:
            raise invalid(WRONG_CURSOR, field="cursor")
        return cursor

    @property
    def _column(self) -> str:
        return str(self.ordering[0]).lstrip("-")

    def _fit(self, objects: list[Any]) -> list[Any]:
        """Cut the page to the bytes of one answer, at the end that is farther from the cursor. Correct the links."""
        back = bool(self.cursor and self.cursor.reverse)
        kept = ByteBudget().take_first(objects[::-1] if back else objects)
        count = len(kept)
        if count == len(objects):
            return objects
        rows = list(self.page or [])
        position = str(getattr(rows[-count - 1] if back else rows[count], self._column))
        self.page_size = count
        if back:
            self.page, self.has_previous, self.previous_position = rows[-count:], True, position
            return kept[::-1]
        self.page, self.has_next, self.next_position = rows[:count], True, position
        return kept


def _can_be(field: Any, position: str) -> bool:
    """Return whether the field can have this value. The database would raise an error for other values."""
    if "\x00" in position:
        return False
    try:
        value = field.to_python(position)
        field.run_validators(value)
        if isinstance(value, datetime):
            value.astimezone(UTC)
    except (ValidationError, ValueError, OverflowError):
        return False
    return True


def page(results: list[Any], *, following: str | None = None, previous: str | None = None) -> Response:
    """Return the response of a list."""
    return Response(page_object(results, following=following, previous=previous))


def page_object(results: list[Any], *, following: str | None, previous: str | None) -> dict[str, Any]:
    """Return `{results, next, previous}`. `next` and `previous` are links or null."""
    return {"results": results, "next": following, "previous": previous}
