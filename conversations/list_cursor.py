"""The cursor of a list that is ordered by activity."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from django.utils.dateparse import parse_datetime

from chatsite.errors import invalid


class Cursor(msgspec.Struct, array_like=True):
    """A position in a list ordered by activity. The page follows it, or precedes it if `back` is set."""

    active_at: str
    id: UUID
    back: bool

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decoded(cls, raw: str) -> Cursor:
        try:
            cursor = msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)), type=cls)
            when = parse_datetime(cursor.active_at)
            if when is None or when.tzinfo is None:
                raise ValueError(cursor.active_at)
            when.astimezone(UTC)  # raises OverflowError if the time is outside UTC's range
        except (ValueError, OverflowError, msgspec.MsgspecError) as error:
            raise invalid("The cursor is not valid for this list.", field="cursor") from error
        return cursor


def neighbours(
    keys: list[tuple[UUID, datetime]], at: Cursor | None, *, more: bool
) -> tuple[str | None, str | None]:
    """Return the cursors of the next and the previous page, or None if there is no such page.

    `more` tells whether more rows follow in the direction of `at`.
    """
    if not keys:
        return None, None
    back = at is not None and at.back
    (first, first_at), (last, last_at) = keys[0], keys[-1]
    following = Cursor(last_at.isoformat(), last, False).encoded() if more or back else None
    preceding = None
    if at is not None and (more or not back):
        preceding = Cursor(first_at.isoformat(), first, True).encoded()
    return following, preceding
