"""The pauses between attempts."""

from __future__ import annotations

import random


class Backoff:
    """Yield pauses in seconds that double from `first` up to `most`.

    Each is shortened at random by up to a half, so that clients which lost a server together reconnect at different
    times.
    """

    def __init__(self, first: float = 0.25, most: float = 20.0) -> None:
        self._first = first
        self._most = most
        self._tries = 0

    def next(self) -> float:
        pause = min(self._most, self._first * 2.0 ** min(self._tries, 30))
        self._tries += 1
        return pause * random.uniform(0.5, 1)

    def reset(self) -> None:
        self._tries = 0
