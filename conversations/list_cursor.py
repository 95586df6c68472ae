"""The cursor of a list that is ordered by activity."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chatsite.http.cursors import Cursor


class ListCursor(Cursor):
    """The page follows this conversation, or precedes it if `back` is set."""

    back: bool


def neighbours(
    keys: list[tuple[UUID, datetime]], at: ListCursor | None, *, more: bool
) -> tuple[str | None, str | None]:
    """Return the cursors of the next and the previous page, or None if there is no such page.

    `more` tells whether more rows follow in the direction of `at`.
    """
    if not keys:
        return None, None
    back = at is not None and at.back
    (first, first_at), (last, last_at) = keys[0], keys[-1]
    following = ListCursor(last_at, last, False).encoded() if more or back else None
    preceding = None
    if at is not None and (more or not back):
        preceding = ListCursor(first_at, first, True).encoded()
    return following, preceding
