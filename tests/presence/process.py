"""Server processes as presence sees them: each a tracker on one store, with its announcements."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from chatsite.realtime.hub import Addressed
from presence.announcements import Announcer
from presence.local_store import LocalPresence
from presence.redis_store import RedisPresence, RedisReader
from presence.store import (
    ClosedConnection,
    Connection,
    ExpireResult,
    PresenceReader,
    PresenceStore,
    StoreUnavailable,
    SyncResult,
)
from presence.tracker import Tracker
from tests.harness.patience import patience
from tests.harness.services import Redis

TTL: Final = 2.4  # a connection is reported again every 0.8 s
GRACE: Final = 0.8  # a slow machine must finish a test's step within this time too
CLOCKS: Final = timedelta(milliseconds=20)  # the tolerated difference of two readings of one clock
ROUND: Final = 0.05
WAIT_SECONDS: Final = 8.0


async def eventually(condition: Callable[[], bool], *, within: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + patience(within)
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.01)


class Backend(Protocol):
    @property
    def reader(self) -> PresenceReader: ...

    def open_store(self) -> PresenceStore: ...


class LocalBackend:
    def __init__(self) -> None:
        self.reader = self._store = LocalPresence(ttl=TTL, grace=GRACE)

    def open_store(self) -> PresenceStore:
        return self._store


class RedisBackend:
    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.reader = RedisReader(redis.url, prefix="test")

    def open_store(self) -> PresenceStore:
        return RedisPresence(self.redis.url, prefix="test", ttl=TTL, grace=GRACE)


class FrailStore:
    """One process's connection to the store, which a test can cut or slow down."""

    def __init__(self, store: PresenceStore) -> None:
        self._store = store
        self.is_cut = False
        self.clear = asyncio.Event()
        self.clear.set()

    async def sync(self, *, present: Sequence[Connection], gone: Sequence[ClosedConnection]) -> SyncResult:
        self._check()
        result = await self._store.sync(present=present, gone=gone)
        await self.clear.wait()
        self._check()  # the answer, too, may be lost
        return result

    async def expire(self, *, to_verify: Collection[str]) -> ExpireResult:
        self._check()
        return await self._store.expire(to_verify=to_verify)

    async def note_changes(self, user_ids: Collection[str]) -> None:
        self._check()
        await self._store.note_changes(user_ids)

    async def close(self) -> None:
        await self._store.close()

    def _check(self) -> None:
        if self.is_cut:
            raise StoreUnavailable("cut")


@dataclass
class Announced:
    """Every event that any of the processes published: its name, its data, and the process."""

    events: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    last_seen: dict[str, datetime] = field(default_factory=dict)  # what was written to the database

    def names(self, user_id: str) -> list[str]:
        """Return the names of the events about the user, in order."""
        return [name for name, data, _ in self.events if data["userId"] == user_id]

    def last(self, user_id: str) -> str:
        return (self.names(user_id) or [""])[-1]

    def last_seen_reported(self, user_id: str) -> datetime:
        told = [data for name, data, _ in self.events if name == "user_offline" and data["userId"] == user_id]
        return datetime.fromisoformat(told[-1]["lastSeen"])


class Process:
    def __init__(self, name: str, store: PresenceStore, announced: Announced) -> None:
        self.name = name
        self.announced = announced
        self.store = FrailStore(store)
        self.announcer = Announcer(self._publish)
        self.tracker = Tracker(self.store, self.announcer, ttl=TTL, round_seconds=ROUND)
        self._tasks = [
            asyncio.create_task(self.tracker.run()),
            asyncio.create_task(self.announcer.run()),
        ]

    def connect(self, user_id: str, device: str) -> None:
        self.tracker.opened(Connection(user_id, device))

    def disconnect(self, device: str) -> None:
        self.tracker.closed(device)

    async def kill(self) -> None:
        """Stop the process without any notice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _publish(self, addressed: Iterable[Addressed]) -> None:
        for group, event in addressed:
            data = msgspec.json.decode(event.data)
            assert group == f"contacts.{data['userId']}"
            assert event.exclude_user == data["userId"]
            self.announced.events.append((event.name, data, self.name))
