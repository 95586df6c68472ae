"""How many bytes one answer may hold.

Pages are bounded by their number of rows, and one row may be a hundred times as large as another. So every page and
every `sync` answer also counts bytes, and stops before `answer_bytes`. What did not fit is on the next page, or is
marked `resync`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from chatsite.config.limits import limits


def encoded_size(item: Any) -> int:
    """The bytes that the item takes in an answer, with the comma after it."""
    return len(msgspec.json.encode(item, enc_hook=str)) + 1


class ByteBudget:
    """The bytes that are left of one answer."""

    def __init__(self, most: int | None = None) -> None:
        self.left = limits().answer_bytes if most is None else most

    def spend(self, item: Any) -> None:
        """Count an item that is in the answer whether it fits or not."""
        self.left -= encoded_size(item)

    def take_all(self, items: Iterable[Any]) -> list[Any] | None:
        """All items, or None where they do not fit together. Then none is counted, and the rest is not read."""
        left, taken = self.left, []
        for item in items:
            left -= encoded_size(item)
            if left < 0:
                return None
            taken.append(item)
        self.left = left
        return taken

    def take_first(self, items: Iterable[Any]) -> list[Any]:
        """The first items, as many as fit. The first one always does, so that a reader makes progress."""
        taken: list[Any] = []
        for item in items:
            self.spend(item)
            if self.left < 0 and taken:
                break
            taken.append(item)
        return taken
