"""Pagination of the lists."""

from __future__ import annotations

from chatsite.http.pagination import CursorPages


class NotificationPages(CursorPages):
    ordering = ("-created_rev",)


class IdPages(CursorPages):
    """Pages by id. Ids are in the order of time."""

    ordering = ("-id",)
