"""One process's connections, and its part in finding out who is gone.

Sockets only leave a note here and never wait. One task tells the store what has changed, a batch at a time and in
order, repeats every live connection each third of the TTL, and about once a second takes out the users whose time is
up; whichever process takes one out announces it.

While the store is away, nobody comes or goes; sockets notice nothing. When it is back,

- every live connection is told again and every departure is made up for, with its time. Only users whom the store had
  never been told of, or had given up meanwhile, are announced: a Redis that came back empty makes no noise;
- nobody is reaped until every process has had the time to say who is there.

What is lost: if Redis loses its data and a process dies before it could speak up, the departures of that process's
users go unannounced and unrecorded (`GET /presence` shows them offline all the same). If an answer of Redis is lost on
its way, a `user_online` may be.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection
from itertools import islice
from typing import Final

from presence.announcements import Announcer
from presence.store import Connection, Departure, PresenceStore, Settled, StoreUnavailable

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 1.0
BATCH: Final = 100  # connections told in one go: Redis serves nobody else for a few milliseconds


class Tracker:
    """Belongs to one event loop; only `is_here` may be called from other threads."""

    def __init__(
        self, store: PresenceStore, announcer: Announcer, *, ttl: float, round_seconds: float | None = None
    ) -> None:
        self._store = store
        self._announcer = announcer
        self._refresh_seconds = ttl / 3
        self._round_seconds = ROUND_SECONDS if round_seconds is None else round_seconds
        self._live: dict[str, Connection] = {}
        self._devices: dict[str, int] = {}  # live connections by user
        self._untold: dict[str, Connection] = {}  # live, to be told, in order
        self._gone: dict[str, tuple[Connection, float]] = {}  # to be told; with when, monotonic
        self._telling: dict[str, Connection] = {}  # on their way; whether they arrive is not known yet
        self._told: dict[str, str] = {}  # live connection → the store's generation that knows of it
        self._generation = ""
        self._wake = asyncio.Event()
        self._away = False
        self._refresh_at = time.monotonic() + self._refresh_seconds
        self._reap_at = 0.0

    # What the sockets say

    def opened(self, connection: Connection) -> None:
        self._live[connection.id] = self._untold[connection.id] = connection
        self._devices[connection.user_id] = self._devices.get(connection.user_id, 0) + 1
        self._wake.set()

    def closed(self, connection_id: str) -> None:
        """Of a connection that never opened: nothing."""
        connection = self._live.pop(connection_id, None)
        if connection is None:
            return
        self._devices[connection.user_id] -= 1
        if not self._devices[connection.user_id]:
            del self._devices[connection.user_id]
        self._untold.pop(connection_id, None)
        if self._told.pop(connection_id, None) is not None or connection_id in self._telling:
            self._gone[connection_id] = connection, time.monotonic()
            self._wake.set()

    def is_here(self, user_id: str) -> bool:
        """Whether the user has a connection to this process."""
        return user_id in self._devices

    @property
    def connections(self) -> int:
        """How many connections this process has."""
        return len(self._live)

    @property
    def untold(self) -> int:
        """How many comings and goings the store has not been told of yet."""
        return len(self._untold) + len(self._gone)

    @property
    def is_away(self) -> bool:
        """Whether the store failed to answer the last time."""
        return self._away

    # The task

    async def run(self) -> None:
        """Until cancelled. Python 3.11's `wait_for`, below redis-py, may swallow the exception, but not the request."""
        task = asyncio.current_task()
        try:
            while task is None or not task.cancelling():
                await self._pause()
                try:
                    await self.round()
                except StoreUnavailable as error:
                    self._note_outage(error)
                    await asyncio.sleep(self._round_seconds)
                except Exception:
                    logger.exception("a round of presence failed")
                    await asyncio.sleep(self._round_seconds)
        finally:
            await self._store.close()

    async def _pause(self) -> None:
        """Until there is something to tell or it is time to reap."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._reap_at - time.monotonic())):
                await self._wake.wait()
        self._wake.clear()

    async def round(self) -> None:
        """Tell what there is to tell, then reap if it is time. Raises `StoreUnavailable`; nothing is forgotten."""
        if time.monotonic() >= self._refresh_at:
            self._refresh_at = time.monotonic() + self._refresh_seconds
            self._untold.update(self._live)
        while self._untold or self._gone or self._away:
            await self._settle()
        if time.monotonic() >= self._reap_at:
            self._reap_at = time.monotonic() + self._round_seconds
            await self._reap()

    async def _settle(self) -> None:
        self._telling = dict(islice(self._untold.items(), BATCH))
        gone = dict(islice(self._gone.items(), BATCH))
        now = time.monotonic()
        departures = [Departure(connection, now - at) for connection, at in gone.values()]
        try:
            settled = await self._store.settle(present=list(self._telling.values()), gone=departures)
            for connection_id in gone:
                del self._gone[connection_id]
            self._take_in(settled)
        finally:
            self._telling = {}
        if self._away:
            self._note_return()

    def _take_in(self, settled: Settled) -> None:
        """Remember who is known, and announce who came: not those who were online before the store lost its data."""
        known_before = set()
        for connection_id, connection in self._telling.items():
            self._untold.pop(connection_id, None)
            if self._told.get(connection_id, settled.generation) != settled.generation:
                known_before.add(connection.user_id)
            if connection_id in self._live:
                self._told[connection_id] = settled.generation
        self._notice(settled.generation)
        for user_id in settled.came - known_before:
            self._announcer.came(user_id)

    def _notice(self, generation: str) -> None:
        """A store that has lost its data is told of everything again, at once."""
        if self._generation and self._generation != generation:
            logger.warning("presence was lost in the store; telling of %d connections again", len(self._live))
            self._untold.update(
                (connection_id, connection)
                for connection_id, connection in self._live.items()
                if self._told.get(connection_id) != generation
            )
            self._wake.set()
        self._generation = generation

    async def _reap(self) -> None:
        doubted = self._announcer.take_departed()
        try:
            reaped = await self._store.reap(doubted=doubted)
        except StoreUnavailable:
            self._announcer.doubt(doubted)
            raise
        self._notice(reaped.generation)
        for user_id, last_seen in reaped.went.items():
            self._announcer.went(user_id, last_seen)
        for user_id in reaped.returned:
            self._announcer.came(user_id)
        if reaped.more:
            self._reap_at = 0.0

    # Outages

    def _note_outage(self, error: StoreUnavailable) -> None:
        if not self._away:
            logger.warning("presence stands still, the store is away: %s", error)
        self._away = True
        self._refresh_at = 0.0

    def _note_return(self) -> None:
        logger.info("presence goes on, the store is back")
        self._away = False
        self._reap_at = time.monotonic() + self._refresh_seconds


_of_this_process: Tracker | None = None


def set_running(tracker: Tracker) -> None:
    """Name the tracker that requests ask about the connections of this process."""
    global _of_this_process
    _of_this_process = tracker


def connected_here(user_ids: Collection[str]) -> set[str]:
    """Which of the users have a connection to this process. From any thread."""
    tracker = _of_this_process
    return {user_id for user_id in user_ids if tracker.is_here(user_id)} if tracker is not None else set()
