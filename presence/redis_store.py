"""The presence store for any number of processes, in Redis. All times are from the clock of the Redis server.

Keys, below `{prefix}:presence:`

- `user:{id}`, a sorted set: when each connection was last reported, and as `left` when one was last closed.
- `due`, a sorted set: when to check each user again. Its members are exactly the users who were announced as online.
- `changed`, a sorted set: the Unix time at which each user was last announced, for an hour.
- `generation`: a value that is missing after Redis has lost its data.

Times are in milliseconds. The scripts build the keys of the users themselves, so Redis Cluster cannot run them.
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
SOCKET_SECONDS: Final = 3  # timeout of the event loop's client
READ_SECONDS: Final = (
    1  # timeout of a request, because an early answer without Redis is better than a late one
)
ASK_AGAIN_SECONDS: Final = (
    2  # after a failed read, so that a hanging Redis does not block the threads of all requests
)
EXPIRE_LIMIT: Final = 200  # users that one call of the script expires
CHANGES_KEPT: Final = 3_600  # seconds
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

-- Return when to check the user again, and when a connection of the user was last reported or closed.
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

# Closed connections come first, so that a user who closed one connection and opened another one ends up online.
_SYNC: Final = (
    _RULES
    + """
-- After a day without a process that expires users, Redis drops their keys.
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
    local again = now + ttl  -- the latest possible time, unless the grace is longer
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

# A user whose time is over counts as offline, even if no process has expired the user yet.
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


def _changes(prefix: str) -> str:
    return f"{prefix}:presence:changed"


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


class RedisPresence:
    """A `PresenceStore`, for one event loop."""

    def __init__(self, url: str, *, prefix: str, ttl: float, grace: float) -> None:
        # redis-py does not retry, because it would wait inside the call. The tracker repeats a report that failed.
        self._client: aioredis.Redis = aioredis.from_url(
            url,
            decode_responses=True,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
            retry=AsyncRetry(NoBackoff(), 0),
        )
        self._keys = _keys(prefix)
        self._changes = _changes(prefix)
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

    async def note_changes(self, user_ids: Collection[str]) -> None:
        now = time.time()
        try:
            pipeline: Any  # the stubs would have each command awaited
            async with self._client.pipeline(transaction=False) as pipeline:
                pipeline.zadd(self._changes, dict.fromkeys(user_ids, now))
                pipeline.zremrangebyscore(self._changes, "-inf", now - CHANGES_KEPT)
                pipeline.expire(self._changes, CHANGES_KEPT)
                await pipeline.execute()
        except UNREACHABLE as error:
            raise StoreUnavailable(str(error) or type(error).__name__) from error

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
        self._client = client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=READ_SECONDS,
            socket_connect_timeout=READ_SECONDS,
            # One retry, at once, because Redis may have restarted since the pooled connection was made.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self._keys = _keys(prefix)
        self._changes = _changes(prefix)
        self._script = client.register_script(_ONLINE)
        self._ask_again_at = 0.0

    def online(self, user_ids: Collection[str]) -> set[str]:
        if time.monotonic() < self._ask_again_at:
            raise StoreUnavailable("Redis did not answer the last request")
        try:
            return set(self._script(keys=self._keys, args=list(user_ids)))
        except UNREACHABLE as error:
            self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
            logger.warning("Redis cannot be reached, so only users of this process look online: %s", error)
            raise StoreUnavailable(str(error)) from error

    def changed_since(self, moment: datetime) -> set[str]:
        try:
            found: Any = self._client.zrangebyscore(self._changes, moment.timestamp(), "+inf")
        except UNREACHABLE as error:
            raise StoreUnavailable(str(error)) from error
        return set(found)
