"""Cursor pages over one unique column. A cursor that was tampered with is `invalid`, not an error of the database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chatsite.errors import invalid
from chatsite.http.api import CursorPages


class _CheckedPages(CursorPages):
    def decode_cursor(self, request: Any) -> Any:
        cursor = super().decode_cursor(request)
        if (
            cursor is not None
            and request.query_params.get(self.cursor_query_param)
            and not self._gave_out(cursor)
        ):
            raise invalid("The cursor is not one that this list gave out.", field="cursor")
        return cursor

    def _gave_out(self, cursor: Any) -> bool:
        if (
            cursor.position is None
        ):  # the first page has no cursor, but text that means nothing decodes to that
            return bool(cursor.offset or cursor.reverse)
        return self.is_position(cursor.position)

    def is_position(self, position: str) -> bool:
        raise NotImplementedError


class NotificationPages(_CheckedPages):
    ordering = ("-created_rev",)

    def is_position(self, position: str) -> bool:
        return position.isascii() and position.isdigit() and len(position) <= 18


class IdPages(_CheckedPages):
    """By id, which is by time."""

    ordering = ("-id",)

    def is_position(self, position: str) -> bool:
        try:
            UUID(position)
        except ValueError:
            return False
        return True
