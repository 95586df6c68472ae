"""Brings together what one user spends in all processes.

Five times a second each process tells Redis, in one script, what its users have spent, and learns how full each
user's shared bucket is, debt included. So a user has one rate in the long run, however many processes there are, and
can once spend at most one burst more for each process (`docs/decisions/0004-shared-allowance.md`). Without Redis, or
while it is away, each process uses only its own buckets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from django.conf import settings
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatsite.realtime.user_limit import UserBuckets, user_buckets

logger = logging.getLogger(__name__)

REPORT_SECONDS: Final = 0.2
SWEEP_REPORTS: Final = 50  # reports from one sweep to the next
USERS_PER_SCRIPT: Final = 500  # Redis runs a script of so many without a noticeable pause
UNREACHABLE: Final = (RedisError, OSError, asyncio.TimeoutError)

# `TokenBucket` for many users: each key holds the time at which the user's bucket will be full. Returns the seconds
# until then, which are more than burst / rate where several processes have spent the same tokens. What a
# user spent since the last report is negative if the user was given something back.
_SPEND: Final = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local rate = tonumber(ARGV[1])
local untilFull = {}
for number, key in ipairs(KEYS) do
  local fullAt = math.max(tonumber(redis.call('GET', key) or 0), now) + tonumber(ARGV[number + 1]) / rate
  fullAt = math.max(fullAt, now)
  redis.call('SET', key, string.format('%.6f', fullAt), 'PX', math.ceil((fullAt - now) * 1000) + 1000)
  untilFull[number] = string.format('%.6f', fullAt - now)
end
return untilFull
"""


class Reporter:
    """Reports what is spent in this process, and takes over the state of the shared buckets."""

    def __init__(self, buckets: UserBuckets, url: str, prefix: str) -> None:
        self._buckets = buckets
        self._prefix = f"{prefix}:user_limit:"
        self._redis = aioredis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        )
        self._script = self._redis.register_script(_SPEND)
        self._reports = 0
        self._is_away = False

    async def report(self) -> None:
        self._reports += 1
        if self._reports % SWEEP_REPORTS == 0:
            self._buckets.sweep()
        spent = list(self._buckets.collect().items())
        for start in range(0, len(spent), USERS_PER_SCRIPT):
            await self._report(dict(spent[start : start + USERS_PER_SCRIPT]))

    async def _report(self, spent: dict[str, float]) -> None:
        try:
            seconds = await self._run_script(spent)
        except UNREACHABLE as error:
            self._buckets.restore(spent)
            if not self._is_away:
                logger.warning("Redis cannot be reached, so each process limits users on its own: %s", error)
            self._is_away = True
            return
        self._is_away = False
        for user_id, seconds_until_full in zip(spent, seconds, strict=True):
            self._buckets.settle(user_id, float(seconds_until_full))

    async def _run_script(self, spent: dict[str, float]) -> list[Any]:
        answer: list[Any] = await self._script(
            keys=[self._prefix + user_id for user_id in spent],
            args=[self._buckets.rate, *spent.values()],
        )
        return answer


class Spawner(Protocol):
    """What this needs of the process's runtime."""

    def spawn_forever(self, name: str, every: float, work: Callable[[], Awaitable[None]]) -> None: ...


def start(runtime: Spawner) -> None:
    url = getattr(settings, "REDIS_URL", "")
    if url:
        reporter = Reporter(user_buckets, url, getattr(settings, "REDIS_PREFIX", "chat"))
        runtime.spawn_forever("reporting what users spent", REPORT_SECONDS, reporter.report)
    else:
        runtime.spawn_forever("forgetting idle users", REPORT_SECONDS * SWEEP_REPORTS, _sweep)


async def _sweep() -> None:
    user_buckets.collect()
    user_buckets.sweep()
