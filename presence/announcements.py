"""From "came" and "went" to what others notice: the time in the database, then the event.

Runs beside the tracker, so that a slow database never keeps connections from being refreshed. While the database is
away the news wait here; of one user only the latest counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

from django.db import DatabaseError, InterfaceError

from chatsite.database.threads import in_database_thread
from chatsite.realtime.hub import Addressed
from conversations import access
from presence import events, operations

logger = logging.getLogger(__name__)

BATCH: Final = 100  # users of one thread hop; the threads are shared with everything else
RETRY_SECONDS: Final = 1.0

News: TypeAlias = Mapping[str, datetime | None]  # user → last seen; None: came online


class Announcer:
    """`publish` hands events to the hub. Belongs to one event loop."""

    def __init__(self, publish: Callable[[Iterable[Addressed]], None]) -> None:
        self._publish = publish
        self._news: dict[str, datetime | None] = {}
        self._wake = asyncio.Event()
        self._departed: set[str] = set()
        self._failing = False

    def came(self, user_id: str) -> None:
        self._note(user_id, None)

    def went(self, user_id: str, last_seen: datetime) -> None:
        self._note(user_id, last_seen)

    def _note(self, user_id: str, last_seen: datetime | None) -> None:
        self._news.pop(user_id, None)
        self._news[user_id] = last_seen
        self._wake.set()

    def take_departed(self) -> set[str]:
        """Whose `user_offline` has been published since the last call.

        One who came back meanwhile through another process may have been announced by that one before us. Then
        everybody holds the user for gone; so the tracker asks the store about these once more.
        """
        departed, self._departed = self._departed, set()
        return departed

    def doubt(self, user_ids: Iterable[str]) -> None:
        """Give back what was taken in vain."""
        self._departed.update(user_ids)

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except (DatabaseError, InterfaceError) as error:
                if not self._failing:
                    logger.warning("presence waits for the database: %s", error)
                self._failing = True
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            except Exception:
                logger.exception("some users' presence could not be announced")

    async def flush(self) -> None:
        """Record and publish all that is waiting. What the database refused waits on, and its error is raised."""
        while self._news:
            batch = dict(islice(self._news.items(), BATCH))
            for user_id in batch:
                del self._news[user_id]
            try:
                groups = await in_database_thread(_record_and_address, batch)
            except (DatabaseError, InterfaceError):
                self._news = {**batch, **self._news}
                raise
            self._failing = False
            self._announce(batch, groups)

    def _announce(self, batch: News, groups: Mapping[str, list[str]]) -> None:
        addressed: list[Addressed] = []
        for user_id, last_seen in batch.items():
            if last_seen is None:
                addressed += events.user_online(user_id, groups[user_id])
            else:
                addressed += events.user_offline(user_id, last_seen, groups[user_id])
                self._departed.add(user_id)
        self._publish(addressed)


def _record_and_address(batch: News) -> dict[str, list[str]]:
    """In one thread hop: write the times of who went, and find the groups that want to know of each."""
    went = {user_id: last_seen for user_id, last_seen in batch.items() if last_seen is not None}
    if went:
        operations.record_last_seen(seen=went)
    return access.contact_groups(batch)
