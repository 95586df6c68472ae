"""How fast one user may change things: over all sockets and requests, and over all processes.

Each process keeps a token bucket for every user who is active there, and asks nobody when one is spent from: that is a
dictionary look-up and some arithmetic. Five times a second it tells Redis, in one script, what its users have spent,
and is told what is left of each user's shared bucket, debt included. So in the long run a user gets the one rate,
however many processes there are, and at most one burst more for each process, once
(`docs/decisions/0004-shared-allowance.md`). Without Redis, or while it is away, each process holds to its own buckets.

Requests run on threads and sockets on the event loop. Both spend without a lock: two that meet may count as one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from django.conf import settings
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatsite.errors import DomainError
from chatsite.realtime import registry
from chatsite.realtime.runtime import Runtime

logger = logging.getLogger(__name__)

REPORT_SECONDS: Final = 0.2
SWEEP_REPORTS: Final = 50  # a sweep drops users who have been still for long; one for so many reports
AT_ONCE: Final = 500  # users of one script, which Redis does without a pause
UNREACHABLE: Final = (RedisError, OSError, asyncio.TimeoutError)

# The users' buckets after this process's spending, below zero where several have spent the same tokens.
_SETTLE: Final = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local left = {}
for number, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'tokens', 'at')
  local tokens, at = tonumber(held[1] or burst), tonumber(held[2] or now)
  tokens = math.min(burst, tokens + math.max(0, now - at) * rate) - tonumber(ARGV[number + 2])
  redis.call('HSET', key, 'tokens', tokens, 'at', now)
  redis.call('PEXPIRE', key, math.ceil((burst - tokens) / rate * 1000) + 1000)
  left[number] = tostring(tokens)
end
return left
"""


class Allowance:
    """One user's bucket in this process; `spent` waits for the next report."""

    __slots__ = ("at", "spent", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at
        self.spent = 0


class Allowances:
    """This process's buckets. `rate` is in tokens a second."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._users: dict[str, Allowance] = {}
        self._spenders: list[str] = []  # since the last report

    def take(self, user_id: str) -> float:
        """Spend one token. 0.0, or the seconds until there is one."""
        now = time.monotonic()
        allowance = self._users.get(user_id)
        if allowance is None:
            allowance = self._users[user_id] = Allowance(self.burst, now)
        tokens = allowance.tokens + (now - allowance.at) * self.rate
        allowance.at = now
        if tokens > self.burst:
            tokens = self.burst
        if tokens < 1:
            allowance.tokens = tokens
            return (1 - tokens) / self.rate
        allowance.tokens = tokens - 1
        if not allowance.spent:
            self._spenders.append(user_id)
        allowance.spent += 1
        return 0.0

    def __len__(self) -> int:
        return len(self._users)

    def collect(self) -> dict[str, int]:
        """What each user has spent since the last call."""
        spenders, self._spenders = self._spenders, []
        spent = {}
        for user_id in spenders:
            if allowance := self._users.get(user_id):
                spent[user_id], allowance.spent = allowance.spent, 0
        return spent

    def settle(self, user_id: str, left: float) -> None:
        """The shared bucket holds `left`; what was spent here since the report is not in it yet."""
        if allowance := self._users.get(user_id):
            allowance.tokens = min(allowance.tokens, left - allowance.spent)

    def take_back(self, spent: dict[str, int]) -> None:
        """The report did not arrive: it goes with the next one. A long outage is not held against anybody."""
        for user_id, count in spent.items():
            if allowance := self._users.get(user_id):
                if not allowance.spent:
                    self._spenders.append(user_id)
                allowance.spent = min(allowance.spent + count, int(self.burst))

    def sweep(self) -> None:
        """Forget users whose bucket is full by now."""
        now = time.monotonic()
        for user_id, allowance in list(self._users.items()):
            full = allowance.tokens + (now - allowance.at) * self.rate >= self.burst
            if full and not allowance.spent:
                del self._users[user_id]


allowances: Final = Allowances(settings.CHAT.user_changes_per_second, settings.CHAT.user_changes_burst)


def spend(user_id: str) -> None:
    """Count one change of the user's, or raise `DomainError` "rate_limited" with `retryAfter` in seconds."""
    wait = allowances.take(user_id)
    if wait:
        raise DomainError("rate_limited", TOO_FAST, {"retryAfter": max(round(wait, 3), 0.001)})


TOO_FAST: Final = "Too many changes in a short time. Slow down."


class Reporter:
    """Holds this process's buckets against the shared ones."""

    def __init__(self, buckets: Allowances, url: str, prefix: str) -> None:
        self._buckets = buckets
        self._prefix = f"{prefix}:allowance:"
        self._redis = aioredis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        )
        self._script = self._redis.register_script(_SETTLE)
        self._reports = 0
        self._is_away = False

    async def report(self) -> None:
        self._reports += 1
        if self._reports % SWEEP_REPORTS == 0:
            self._buckets.sweep()
        spent = list(self._buckets.collect().items())
        for start in range(0, len(spent), AT_ONCE):
            await self._report(dict(spent[start : start + AT_ONCE]))

    async def _report(self, spent: dict[str, int]) -> None:
        try:
            left = await self._settled(spent)
        except UNREACHABLE as error:
            self._buckets.take_back(spent)
            if not self._is_away:
                logger.warning("limits are kept by each process alone: %s", error)
            self._is_away = True
            return
        self._is_away = False
        for user_id, tokens in zip(spent, left, strict=True):
            self._buckets.settle(user_id, float(tokens))

    async def _settled(self, spent: dict[str, int]) -> list[Any]:
        left: list[Any] = await self._script(
            keys=[self._prefix + user_id for user_id in spent],
            args=[self._buckets.rate, self._buckets.burst, *spent.values()],
        )
        return left


def start(runtime: Runtime) -> None:
    if settings.REDIS_URL:
        reporter = Reporter(allowances, settings.REDIS_URL, settings.REDIS_PREFIX)
        runtime.spawn_forever("reporting what users spent", REPORT_SECONDS, reporter.report)
    else:
        runtime.spawn_forever("sweeping allowances", REPORT_SECONDS * SWEEP_REPORTS, _sweep)


async def _sweep() -> None:
    allowances.collect()
    allowances.sweep()


registry.started.append(start)
