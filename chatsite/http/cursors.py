"""Cursors of lists with an order of their own, as clients get them: JSON in base64."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import ClassVar, Self
from uuid import UUID

import msgspec

from chatsite.errors import invalid

WRONG_CURSOR = "The cursor is not valid for this list."


class Cursor(msgspec.Struct, array_like=True):
    """A row of a list: the time by which the list is ordered, and the id. A subclass may add fields."""

    refusal: ClassVar[str] = WRONG_CURSOR

    time: datetime
    id: UUID

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decoded(cls, raw: str) -> Self:
        """Return the cursor. Raise `invalid` if this list cannot have made it."""
        try:
            cursor = msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)), type=cls)
            if cursor.time.tzinfo is None:
                raise ValueError(raw)
            cursor.time.astimezone(UTC)  # raises OverflowError if the time is outside UTC's range
        except (ValueError, OverflowError, msgspec.MsgspecError) as error:
            raise invalid(cls.refusal, field="cursor") from error
        return cursor
