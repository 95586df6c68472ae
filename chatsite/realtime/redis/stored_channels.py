"""What the channel layer keeps in Redis: messages sent to a channel, and groups' members that no process owns.

The calls block. A message waits in a list until a process that receives from the channel takes it, or until it
expires. The process is told by a publish, under the name of the list.
"""

from __future__ import annotations

import time
from typing import Final, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatsite.realtime.redis.server import RedisServer

TIMEOUT: Final = 3  # seconds
# A message is sent at most once, so nothing is tried twice. The pool replaces a connection that Redis has closed.
_NO_RETRY: Final = Retry(NoBackoff(), 0)

# Entries are a message behind the time at which it expires.
_DROP_EXPIRED: Final = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local first = redis.call('LINDEX', KEYS[1], 0)
while first and struct.unpack('>d', first) <= now do
  redis.call('LPOP', KEYS[1])
  first = redis.call('LINDEX', KEYS[1], 0)
end
"""
_PUSH: Final = (
    _DROP_EXPIRED
    + """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[1]) then
  return 0
end
redis.call('RPUSH', KEYS[1], struct.pack('>d', now + tonumber(ARGV[2])) .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2]) * 1000))
redis.call('PUBLISH', KEYS[1], ARGV[4])
return 1
"""
)
_POP: Final = (
    _DROP_EXPIRED
    + """
local found = redis.call('LPOP', KEYS[1])
return found and string.sub(found, 9)
"""
)


class StoredChannels:
    """`channel_key` and `group_key` are names of lists and sorted sets, and of the channels on which they are told."""

    def __init__(self, server: RedisServer, prefix: str) -> None:
        options = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, **server.options}
        self._redis = redis.Redis.from_url(server.url, retry=_NO_RETRY, **options)
        self._push = self._redis.register_script(_PUSH)
        self._pop = self._redis.register_script(_POP)
        self._prefix = prefix

    def channel_key(self, channel: str) -> str:
        return f"{self._prefix}:channel:{channel}"

    def group_key(self, group: str) -> str:
        return f"{self._prefix}:group:{group}"

    def push(self, channel: str, message: bytes, *, capacity: int, expiry: float, notice: bytes) -> bool:
        """Return whether there was room for the message."""
        return bool(self._push([self.channel_key(channel)], [capacity, expiry, message, notice]))

    def pop(self, channel: str) -> bytes | None:
        return cast("bytes | None", self._pop([self.channel_key(channel)]))

    def publish(self, key: str, data: bytes) -> None:
        self._redis.publish(key, data)

    def add_member(self, group: str, channel: str, *, expiry: float) -> None:
        key, now = self.group_key(group), time.time()
        with self._redis.pipeline() as pipeline:
            pipeline.zremrangebyscore(key, 0, now)
            pipeline.zadd(key, {channel: now + expiry})
            pipeline.pexpire(key, round(expiry * 1000))
            pipeline.execute()

    def remove_member(self, group: str, channel: str) -> None:
        self._redis.zrem(self.group_key(group), channel)

    def publish_to_group(self, group: str, data: bytes) -> list[str]:
        """Publish to the processes, and return the members that no process owns."""
        key = self.group_key(group)
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.publish(key, data)
            pipeline.zrangebyscore(key, time.time(), "+inf")
            _, members = pipeline.execute()
        return [member.decode() for member in members]

    def clear(self) -> None:
        """Delete all messages and members."""
        for pattern in (self.channel_key("*"), self.group_key("*")):
            for key in self._redis.scan_iter(pattern, count=1_000):
                self._redis.delete(key)

    def close(self) -> None:
        self._redis.close()
