"""The limit on the changes of one user, over all sockets, requests and processes.

Every live command and every REST request that changes something takes its cost from the user's token bucket. A command
declares its cost where it is registered, and a REST view in its attribute `throttle_cost`. Other code calls `charge`.
Each process has a bucket for every user who is active there. With Redis, `redis.rate_limits` synchronises the buckets
of all processes.

Requests run on threads and commands on the event loop. They use the bucket without a lock, so two at the same moment
may count as one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Final

from chatsite.config.limits import limits
from chatsite.errors import RateLimited
from chatsite.observability.metrics import measures
from chatsite.realtime.token_bucket import TokenBucket

TOO_FAST: Final = "Too many changes in a short time. Slow down."


class UserBucket(TokenBucket):
    """`unreported` is what was spent here and is not yet in the shared bucket."""

    __slots__ = ("unreported",)

    def __init__(self, rate: float, burst: float) -> None:
        super().__init__(rate, burst)
        self.unreported = 0.0


class UserBuckets:
    """The buckets of the users who are active in this process. `rate` is in tokens a second."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._users: dict[str, UserBucket] = {}
        self._spenders: list[str] = []  # since the last report

    def __len__(self) -> int:
        return len(self._users)

    def take(self, user_id: str, cost: float = 1.0, *, essential: bool = False) -> float:
        """Spend `cost` and return 0.0, or return the seconds until the user may.

        An `essential` command may overdraw the bucket by one burst, so that a user who is too fast stays connected.
        """
        bucket = self._users.get(user_id)
        if bucket is None:
            bucket = self._users[user_id] = UserBucket(self.rate, self.burst)
        wait = bucket.take(cost, overdraft=self.burst if essential else 0.0)
        if not wait:
            self._add_unreported(user_id, bucket, cost)
        return wait

    def give_back(self, user_id: str, cost: float) -> None:
        """Undo a `take`, because the same request was refused when it tried to take more.

        Otherwise each retry would spend the tokens that the user waited for, and be refused again.
        """
        if bucket := self._users.get(user_id):
            bucket.full_at -= cost / self.rate
            self._add_unreported(user_id, bucket, -cost)

    def collect(self) -> dict[str, float]:
        """Return what each user has spent since the last call."""
        spenders, self._spenders = self._spenders, []
        spent: dict[str, float] = {}
        for user_id in spenders:
            if bucket := self._users.get(user_id):
                # A user to whom everything was given back in between is in the list twice.
                spent[user_id] = spent.get(user_id, 0.0) + bucket.unreported
                bucket.unreported = 0.0
        return spent

    def settle(self, user_id: str, seconds_until_full: float) -> None:
        """Take over the state of the shared bucket, and add what was spent here since the last report."""
        if bucket := self._users.get(user_id):
            shared = time.monotonic() + seconds_until_full + bucket.unreported / self.rate
            bucket.full_at = max(bucket.full_at, shared)

    def restore(self, spent: Mapping[str, float]) -> None:
        """Include `spent` in the next report, because this one failed.

        The amount of a user is limited to one burst, so that nobody is blocked after a long outage.
        """
        for user_id, cost in spent.items():
            if bucket := self._users.get(user_id):
                self._add_unreported(user_id, bucket, cost)
                bucket.unreported = min(bucket.unreported, self.burst)

    def sweep(self) -> None:
        """Forget the users whose bucket is full."""
        for user_id in list(self._full()):
            del self._users[user_id]

    def _full(self) -> Iterator[str]:
        now = time.monotonic()
        for user_id, bucket in list(self._users.items()):
            if bucket.full_at <= now and not bucket.unreported:
                yield user_id

    def _add_unreported(self, user_id: str, bucket: UserBucket, cost: float) -> None:
        if cost and not bucket.unreported:
            self._spenders.append(user_id)
        bucket.unreported += cost


user_buckets: Final = UserBuckets(limits().user_changes_per_second, limits().user_changes_burst)


def charge(user_id: str, cost: float = 1.0, *, essential: bool = False) -> None:
    """Take `cost` from the user's limit, or raise `RateLimited` with `retryAfter` in seconds."""
    wait = user_buckets.take(user_id, cost, essential=essential)
    if wait:
        measures.rate_limited.add(1, "user")
        raise RateLimited(TOO_FAST, wait)
