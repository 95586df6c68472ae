"""Limit the bytes of one answer.

A page has a limited number of rows, but one row may be a hundred times as large as another. So every page and every
`sync` answer also counts bytes, and ends before `answer_bytes`. The rest is on the next page, or marked `resync`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from chatsite.config.limits import limits

_encode: Final = msgspec.json.Encoder(enc_hook=str).encode


def encoded_size(item: Any) -> int:
    """Return the bytes of the item in an answer, including the comma after it."""
    return len(_encode(item)) + 1


class ByteBudget:
    """The remaining bytes of one answer."""

    def __init__(self, most: int | None = None) -> None:
        self.left = limits().answer_bytes if most is None else most

    def spend(self, item: Any) -> None:
        """Count an item that is in the answer even if it does not fit."""
        self.left -= encoded_size(item)

    def take_all(self, items: Iterable[Any]) -> list[Any] | None:
        """Return all items, or None if they do not fit. Then no item is counted, and the rest is not read."""
        left, taken = self.left, []
        for item in items:
            left -= encoded_size(item)
            if left < 0:
                return None
            taken.append(item)
        self.left = left
        return taken

    def take_first(self, items: Iterable[Any]) -> list[Any]:
        """Return the first items, as many as fit, and at least one, so that a reader makes progress."""
        items = list(items)
        # Nearly every page fits. Encoding all items at once takes less than half the time of one after the other.
        if (size := len(_encode(items)) - 1) <= self.left:
            self.left -= size if items else 0
            return items
        taken: list[Any] = []
        for item in items:
            self.spend(item)
            if self.left < 0 and taken:
                break
            taken.append(item)
        return taken
