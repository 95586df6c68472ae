"""The pages in which the lists are answered."""

from __future__ import annotations

from chatsite.http.api import CursorPages


class NotificationPages(CursorPages):
    ordering = ("-created_rev",)


class IdPages(CursorPages):
    """Ordered by id, which is ordered by time."""

    ordering = ("-id",)
