"""The presence store of a site with one process, in its memory. Thread-safe."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from presence.store import ClosedConnection, Connection, ExpireResult, SyncResult

GENERATION = "local"  # never changes, because the data lives as long as the process


@dataclass(slots=True)
class Person:
    """A user's connections. All times are of the monotonic clock."""

    heard: dict[str, float] = field(default_factory=dict)  # by connection: when it was last reported
    left: float = -math.inf  # when a connection was last closed
    due: float = -math.inf  # when the user goes offline unless a connection is reported

    @property
    def seen(self) -> float:
        return max(self.left, *self.heard.values(), -math.inf)


class LocalPresence:
    """A `PresenceStore` and its `PresenceReader`."""

    def __init__(self, *, ttl: float, grace: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = ttl
        self._grace = grace
        self._clock = clock
        self._lock = Lock()
        self._people: dict[str, Person] = {}

    async def sync(self, *, present: Sequence[Connection], gone: Sequence[ClosedConnection]) -> SyncResult:
        with self._lock:
            now = self._clock()
            for connection, ago in gone:
                person = self._people.setdefault(connection.user_id, Person())
                person.heard.pop(connection.id, None)
                person.left = max(person.left, now - ago)
                self._schedule(person)
            online = {connection.user_id for connection in present}.difference(self._people)
            for connection in present:
                person = self._people.setdefault(connection.user_id, Person())
                person.heard[connection.id] = now
                self._schedule(person)
        return SyncResult(generation=GENERATION, online=online)

    def _schedule(self, person: Person) -> None:
        person.due = max(person.left + self._grace, max(person.heard.values(), default=-math.inf) + self._ttl)

    async def expire(self, *, to_verify: Collection[str]) -> ExpireResult:
        with self._lock:
            now = self._clock()
            wall = datetime.now(UTC)
            over = [user_id for user_id, person in self._people.items() if person.due <= now]
            offline = {
                user_id: wall - timedelta(seconds=now - self._people.pop(user_id).seen) for user_id in over
            }
            returned = set(to_verify).intersection(self._people)
        return ExpireResult(generation=GENERATION, offline=offline, returned=returned)

    async def note_changes(self, user_ids: Collection[str]) -> None:
        """Do nothing: there is no other process, which could miss an announcement."""

    async def close(self) -> None:
        """Do nothing: the data is shared by the event loops of the process."""

    def online(self, user_ids: Collection[str]) -> set[str]:
        with self._lock:
            now = self._clock()
            found = {user_id: self._people.get(user_id) for user_id in user_ids}
        return {user_id for user_id, person in found.items() if person is not None and person.due > now}

    def changed_since(self, moment: datetime) -> set[str]:
        return set()
