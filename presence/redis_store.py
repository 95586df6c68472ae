"""Presence of any number of processes, in Redis. Every time is of the Redis server's clock.

Keys, below `{prefix}:presence:`

- `user:{id}`, a sorted set: each connection → when it was last heard of; `left` → when one was last closed.
- `due`, a sorted set: user → when to look again. Its members are exactly the users who were announced as online.
- `generation`: a mark that is gone when Redis has lost its data.

All in milliseconds. The scripts build the users' keys themselves, so this wants one Redis (or one with replicas), not
a cluster.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from presence.store import ClosedConnection, Connection, ExpireResult, StoreUnavailable, SyncResult

logger = logging.getLogger(__name__)

UNREACHABLE: Final = (RedisError, OSError, asyncio.TimeoutError)
SOCKET_SECONDS: Final = 3  # of the event loop's client
READ_SECONDS: Final = 1  # of a request's: an answer without Redis is better than a late one
ASK_AGAIN_SECONDS: Final = 2  # after a failed read: a hanging Redis must not hold every request's thread
EXPIRE_LIMIT: Final = 200  # users expired by one script call
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_PRELUDE: Final = """
local due, generation, user_prefix = KEYS[1], KEYS[2], KEYS[3]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

_RULES: Final = (
    _PRELUDE
    + """
local ttl, grace, next_argument = tonumber(ARGV[1]), tonumber(ARGV[2]), 3
redis.call('SET', generation, clock[1] .. '.' .. clock[2], 'NX')

local function argument()
    next_argument = next_argument + 1
    return ARGV[next_argument - 1]
end

-- When to look at the user again, and when a connection of the user last gave a sign of life.
local function judge(key)
    local again, seen = 0, 0
    local left = redis.call('ZSCORE', key, 'left')
    if left then again, seen = left + grace, tonumber(left) end
    local top = redis.call('ZREVRANGE', key, 0, 1, 'WITHSCORES')
    for i = 1, #top, 2 do
        if top[i] ~= 'left' then
            again, seen = math.max(again, top[i + 1] + ttl), math.max(seen, tonumber(top[i + 1]))
        end
    end
    return again, seen
end
"""
)

# Departures come first: a user who left one connection and lives on another is online in the end.
_SYNC: Final = (
    _RULES
    + """
-- Redis drops the keys of users whom no process is left to expire, after a day.
local keep = ttl + grace + 86400000
for _ = 1, tonumber(argument()) do
    local user, connection, at = argument(), argument(), now - argument()
    local key = user_prefix .. user
    redis.call('ZREM', key, connection)
    if at > tonumber(redis.call('ZSCORE', key, 'left') or 0) then redis.call('ZADD', key, at, 'left') end
    redis.call('PEXPIRE', key, keep)
    redis.call('ZADD', due, (judge(key)), user)
end
local answer = {redis.call('GET', generation)}
for _ = 1, tonumber(argument()) do
    local user, connection = argument(), argument()
    local key = user_prefix .. user
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - math.max(ttl, grace))
    redis.call('ZADD', key, now, connection)
    redis.call('PEXPIRE', key, keep)
    local again = now + ttl  -- nothing lasts longer, unless the grace does
    if grace > ttl then again = judge(key) end
    if redis.call('ZADD', due, again, user) == 1 then table.insert(answer, user) end
end
return answer
"""
)

_EXPIRE: Final = (
    _RULES
    + """
local offline, returned = {}, {}
local over = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'WITHSCORES', 'LIMIT', 0, argument())
for i = 1, #over, 2 do
    local key = user_prefix .. over[i]
    local again, seen = judge(key)
    if again > now then
        redis.call('ZADD', due, again, over[i])
    else
        redis.call('ZREM', due, over[i])
        redis.call('DEL', key)
        if seen == 0 then seen = tonumber(over[i + 1]) end
        table.insert(offline, {over[i], string.format('%.0f', seen)})
    end
end
while next_argument <= #ARGV do
    local user = argument()
    if redis.call('ZSCORE', due, user) then table.insert(returned, user) end
end
return {redis.call('GET', generation), #over / 2, offline, returned}
"""
)

# A user whose time is up counts as offline, even while no process is there to expire the user.
_ONLINE: Final = (
    _PRELUDE
    + """
local answer = {}
for i = 1, #ARGV do
    local again = redis.call('ZSCORE', due, ARGV[i])
    if again and tonumber(again) > now then table.insert(answer, ARGV[i]) end
end
return answer
"""
)


def _keys(prefix: str) -> list[str]:
    return [f"{prefix}:presence:{name}" for name in ("due", "generation", "user:")]


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


class RedisPresence:
    """A `PresenceStore`, for one event loop."""

    def __init__(self, url: str, *, prefix: str, ttl: float, grace: float) -> None:
        # No retries of redis-py: they would wait inside a call, and the tracker reports again what was not answered.
        self._client: aioredis.Redis = aioredis.from_url(
            url,
            decode_responses=True,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
            retry=AsyncRetry(NoBackoff(), 0),
        )
        self._keys = _keys(prefix)
        self._rules = [_milliseconds(ttl), _milliseconds(grace)]
        self._sync_script = self._client.register_script(_SYNC)
        self._expire_script = self._client.register_script(_EXPIRE)

    async def sync(self, *, present: Sequence[Connection], gone: Sequence[ClosedConnection]) -> SyncResult:
        arguments: list[str | int] = [len(gone)]
        for connection, ago in gone:
            arguments += [*connection, _milliseconds(ago)]
        arguments.append(len(present))
        for connection in present:
            arguments += connection
        generation, *online = await self._run(self._sync_script, arguments)
        return SyncResult(generation=generation, online=set(online))

    async def expire(self, *, to_verify: Collection[str]) -> ExpireResult:
        generation, looked_at, offline, returned = await self._run(
            self._expire_script, [EXPIRE_LIMIT, *to_verify]
        )
        return ExpireResult(
            generation=generation,
            offline={user_id: EPOCH + timedelta(milliseconds=int(seen)) for user_id, seen in offline},
            returned=set(returned),
            more=int(looked_at) >= EXPIRE_LIMIT,
        )

    async def _run(self, script: Any, arguments: Iterable[str | int]) -> Any:
        try:
            return await script(keys=self._keys, args=[*self._rules, *arguments])
        except UNREACHABLE as error:
            raise StoreUnavailable(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        await self._client.aclose(close_connection_pool=True)


class RedisReader:
    """A `PresenceReader` with a pool of connections for the process's threads."""

    def __init__(self, url: str, *, prefix: str) -> None:
        client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=READ_SECONDS,
            socket_connect_timeout=READ_SECONDS,
            # Once anew, at once: a pooled connection may be from before a restart of Redis.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self._keys = _keys(prefix)
        self._script = client.register_script(_ONLINE)
        self._ask_again_at = 0.0

    def online(self, user_ids: Collection[str]) -> set[str]:
        if time.monotonic() < self._ask_again_at:
            raise StoreUnavailable("Redis did not answer a moment ago")
        try:
            return set(self._script(keys=self._keys, args=list(user_ids)))
        except UNREACHABLE as error:
            self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
            logger.warning("presence is answered from this process alone, Redis is away: %s", error)
            raise StoreUnavailable(str(error)) from error
