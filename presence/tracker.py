"""Track the connections of one process and report them to the presence store.

Sockets call `opened` and `closed`, which never wait. One task reports the changes to the store in batches and in order.
It reports every live connection again after a third of the TTL. About once a second it expires users who have left.
The process that expires a user announces it.

While the store cannot be reached, nobody goes online or offline, and sockets are not affected. When it answers again,

- all live and closed connections are reported again, with their times. Only users whom the store did not know, or had
  expired, are announced. A Redis that restarted empty therefore causes no announcements;
- no user is expired until every process has had time to report.

Two kinds of loss are possible. If Redis loses its data and a process dies before it reports again, its users go offline
without an announcement and without a saved time; `GET /presence` shows them as offline. If an answer of Redis is lost,
a `user_online` may be lost with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from presence.announcements import Announcer
from presence.store import ClosedConnection, Connection, PresenceStore, StoreUnavailable, SyncResult

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 1.0
# Wait this long after a change, and report and announce it together with those that follow it.
GATHER_SECONDS: Final = 0.05
# Connections in one report. Redis runs nothing else during the few milliseconds of the script.
BATCH: Final = 100


class Tracker:
    """Belongs to one event loop. Only `is_here` may be called from other threads."""

    def __init__(
        self, store: PresenceStore, announcer: Announcer, *, ttl: float, round_seconds: float | None = None
    ) -> None:
        self._store = store
        self._announcer = announcer
        self._refresh_seconds = ttl / 3
        self._round_seconds = ROUND_SECONDS if round_seconds is None else round_seconds
        self._live: dict[str, Connection] = {}
        self._devices: dict[str, int] = {}  # live connections by user
        self._unreported: dict[str, Connection] = {}  # live connections to report, in order
        self._gone: dict[
            str, tuple[Connection, float]
        ] = {}  # closed connections to report, with the monotonic time
        self._reporting: dict[str, Connection] = {}  # the connections of the report in progress
        self._reported: dict[str, str] = {}  # live connections, with the store's generation that has them
        self._generation = ""
        self._wake = asyncio.Event()
        self._away = False
        self._refresh_at = time.monotonic() + self._refresh_seconds
        self._expire_at = 0.0

    # Called by sockets

    def opened(self, connection: Connection) -> None:
        self._live[connection.id] = self._unreported[connection.id] = connection
        self._devices[connection.user_id] = self._devices.get(connection.user_id, 0) + 1
        self._wake.set()

    def closed(self, connection_id: str) -> None:
        """Ignores a connection that was never opened."""
        connection = self._live.pop(connection_id, None)
        if connection is None:
            return
        self._devices[connection.user_id] -= 1
        if not self._devices[connection.user_id]:
            del self._devices[connection.user_id]
        self._unreported.pop(connection_id, None)
        if self._reported.pop(connection_id, None) is not None or connection_id in self._reporting:
            self._gone[connection_id] = connection, time.monotonic()
            self._wake.set()

    def is_here(self, user_id: str) -> bool:
        """Return whether the user has a connection to this process."""
        return user_id in self._devices

    @property
    def connections(self) -> int:
        """The number of connections of this process."""
        return len(self._live)

    @property
    def unreported(self) -> int:
        """The number of opened and closed connections that have not been reported to the store yet."""
        return len(self._unreported) + len(self._gone)

    @property
    def is_away(self) -> bool:
        """Whether the store did not answer the last request."""
        return self._away

    # The task

    async def run(self) -> None:
        """Run until cancelled.

        The loop also checks whether its task is being cancelled, because `wait_for` of Python 3.11, which redis-py
        uses, may swallow the exception.
        """
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
                    logger.exception("reporting presence failed")
                    await asyncio.sleep(self._round_seconds)
        finally:
            await self._store.close()

    async def _pause(self) -> None:
        """Wait until there is something to report or it is time to expire users."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._expire_at - time.monotonic())):
                await self._wake.wait()
                await asyncio.sleep(GATHER_SECONDS)
        self._wake.clear()

    async def round(self) -> None:
        """Report changes, then expire users if it is time. Keep the changes and raise `StoreUnavailable` on failure."""
        if time.monotonic() >= self._refresh_at:
            self._refresh_at = time.monotonic() + self._refresh_seconds
            self._unreported.update(self._live)
        while self._unreported or self._gone or self._away:
            await self._sync()
        if time.monotonic() >= self._expire_at:
            self._expire_at = time.monotonic() + self._round_seconds
            await self._expire()

    async def _sync(self) -> None:
        self._reporting = dict(islice(self._unreported.items(), BATCH))
        gone = dict(islice(self._gone.items(), BATCH))
        now = time.monotonic()
        departures = [ClosedConnection(connection, now - at) for connection, at in gone.values()]
        try:
            result = await self._store.sync(present=list(self._reporting.values()), gone=departures)
            for connection_id in gone:
                del self._gone[connection_id]
            await self._announce(self._apply(result), {})
        finally:
            self._reporting = {}
        if self._away:
            self._note_return()

    def _apply(self, result: SyncResult) -> set[str]:
        """Remember which connections the store has, and return the users who were not online before."""
        online_before = set()
        for connection_id, connection in self._reporting.items():
            self._unreported.pop(connection_id, None)
            if self._reported.get(connection_id, result.generation) != result.generation:
                online_before.add(connection.user_id)
            if connection_id in self._live:
                self._reported[connection_id] = result.generation
        self._check_generation(result.generation)
        return result.online - online_before

    async def _announce(self, online: Collection[str], offline: Mapping[str, datetime]) -> None:
        """Announce these users, and note them first, for processes that do not get the announcement."""
        try:
            if online or offline:
                await self._store.note_changes([*online, *offline])
        finally:
            for user_id, last_seen in offline.items():
                self._announcer.offline(user_id, last_seen)
            for user_id in online:
                self._announcer.online(user_id)

    def _check_generation(self, generation: str) -> None:
        """If the store has lost its data, report everything again at once."""
        if self._generation and self._generation != generation:
            logger.warning(
                "the presence store lost its data; reporting %d connections again", len(self._live)
            )
            self._unreported.update(
                (connection_id, connection)
                for connection_id, connection in self._live.items()
                if self._reported.get(connection_id) != generation
            )
            self._wake.set()
        self._generation = generation

    async def _expire(self) -> None:
        to_verify = self._announcer.take_offline()
        try:
            result = await self._store.expire(to_verify=to_verify)
        except StoreUnavailable:
            self._announcer.requeue(to_verify)
            raise
        self._check_generation(result.generation)
        if result.more:
            self._expire_at = 0.0
        await self._announce(result.returned, result.offline)

    # Outages

    def _note_outage(self, error: StoreUnavailable) -> None:
        if not self._away:
            logger.warning("the presence store cannot be reached, so presence is paused: %s", error)
        self._away = True
        self._refresh_at = 0.0

    def _note_return(self) -> None:
        logger.info("the presence store answers again")
        self._away = False
        self._expire_at = time.monotonic() + self._refresh_seconds


_of_this_process: Tracker | None = None


def set_running(tracker: Tracker) -> None:
    """Set the tracker of this process, for `connected_here`."""
    global _of_this_process
    _of_this_process = tracker


def connected_here(user_ids: Collection[str]) -> set[str]:
    """Return the users who have a connection to this process. Thread-safe."""
    tracker = _of_this_process
    return {user_id for user_id in user_ids if tracker.is_here(user_id)} if tracker is not None else set()
