"""Token buckets: a burst at once, then a steady rate."""

from __future__ import annotations

import time


class TokenBucket:
    """Holds `burst` tokens at the start, gains `rate` a second, and never holds more than `burst`.

    The bucket keeps one number: the time at which it will be full. Spending moves that time into the future. It may
    lie so far ahead that the bucket is in debt.
    """

    __slots__ = ("burst", "full_at", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self.full_at = 0.0

    def take(self, cost: float = 1.0, *, overdraft: float = 0.0) -> float:
        """Spend `cost` tokens and return 0.0, or return the seconds until there are enough of them.

        `overdraft` is the debt that this call may run into.
        """
        now = time.monotonic()
        full_at = max(self.full_at, now) + cost / self.rate
        # A cost above the burst is let through by a full bucket; it would never be let through otherwise.
        wait = full_at - now - (max(self.burst, cost) + overdraft) / self.rate
        if wait > 1e-9:
            return wait
        self.full_at = full_at
        return 0.0

    @property
    def seconds_until_full(self) -> float:
        return max(0.0, self.full_at - time.monotonic())
