"""Record when users go offline, and notify their contacts who is online or offline.

This runs in a separate task, so that a slow database does not delay the tracker. While the database cannot be
reached, transitions wait here. Only the latest transition of a user counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

from django.db import DatabaseError, InterfaceError

from chatsite.database.threads import in_database_thread
from chatsite.realtime.hub import Addressed
from conversations import access, block_rules
from presence import events, operations

logger = logging.getLogger(__name__)

BATCH: Final = 100  # users in one call on a database thread; other code needs the threads too
RETRY_SECONDS: Final = 1.0

# Called on a database thread with the ids of users who are online now. An app adds its own in `AppConfig.ready`.
came_online: Final[list[Callable[[Collection[str]], None]]] = []

# By user: when last seen, or None for a user who is online now.
Transitions: TypeAlias = Mapping[str, datetime | None]
# The groups of each user's contacts, and the people in them from whom the user is hidden.
Audience: TypeAlias = tuple[Mapping[str, list[str]], Mapping[str, list[str]]]


class Announcer:
    """Belongs to one event loop. `publish` passes events to the hub."""

    def __init__(self, publish: Callable[[Iterable[Addressed]], None]) -> None:
        self._publish = publish
        self._transitions: dict[str, datetime | None] = {}
        self._wake = asyncio.Event()
        self._offline: set[str] = set()
        self._failing = False

    def online(self, user_id: str) -> None:
        self._offline.discard(user_id)  # this process announces the return itself
        self._add(user_id, None)

    def offline(self, user_id: str, last_seen: datetime) -> None:
        self._add(user_id, last_seen)

    def _add(self, user_id: str, last_seen: datetime | None) -> None:
        self._transitions.pop(user_id, None)
        self._transitions[user_id] = last_seen
        self._wake.set()

    def take_offline(self) -> set[str]:
        """Return the users whose `user_offline` was published since the last call.

        A user may have connected to another process, which announced that before this one announced `user_offline`.
        Contacts would then show the user as offline, so the tracker checks these users in the store again.
        """
        offline, self._offline = self._offline, set()
        return offline

    def requeue(self, user_ids: Iterable[str]) -> None:
        """Re-queue user ids whose check failed."""
        self._offline.update(user_ids)

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except (DatabaseError, InterfaceError) as error:
                if not self._failing:
                    logger.warning("the database cannot be reached, so presence is not announced: %s", error)
                self._failing = True
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            except Exception:
                logger.exception("the presence of some users was not announced")

    async def flush(self) -> None:
        """Record and publish all transitions. After an error of the database, keep the transitions and raise it."""
        while self._transitions:
            batch = dict(islice(self._transitions.items(), BATCH))
            for user_id in batch:
                del self._transitions[user_id]
            try:
                audience = await in_database_thread(_record_and_address, batch)
            except (DatabaseError, InterfaceError):
                self._transitions = {**batch, **self._transitions}
                raise
            self._failing = False
            self._announce(batch, audience)

    def _announce(self, batch: Transitions, audience: Audience) -> None:
        for user_id, last_seen in batch.items():
            # Otherwise they are back already.
            if last_seen is not None and self._transitions.get(user_id, last_seen) is not None:
                self._offline.add(user_id)
        self._publish(address(batch, audience))


def address(transitions: Transitions, audience: Audience) -> list[Addressed]:
    """Return the events that tell the audience of these transitions."""
    addressed: list[Addressed] = []
    groups, blocked = audience
    for user_id, last_seen in transitions.items():
        hidden_from = blocked.get(user_id, ())
        if last_seen is None:
            addressed += events.user_online(user_id, groups[user_id], hidden_from=hidden_from)
        else:
            addressed += events.user_offline(user_id, last_seen, groups[user_id], hidden_from=hidden_from)
    return addressed


def audience_of(user_ids: Iterable[str]) -> Audience:
    """Return who may see each user's presence. Runs two queries."""
    users = list(user_ids)
    blocked = block_rules.people_blocked_by(access.user_key(user_id) for user_id in users)
    return access.contact_groups(users), blocked


def _record_and_address(batch: Transitions) -> Audience:
    """Save when users went offline, and return who may see each user's presence."""
    offline = {user_id: last_seen for user_id, last_seen in batch.items() if last_seen is not None}
    if offline:
        operations.record_last_seen(seen=offline)
    audience = audience_of(batch)
    _call_hooks([user_id for user_id in batch if user_id not in offline])
    return audience


def _call_hooks(online: list[str]) -> None:
    """Call the hooks of `came_online`. A failure of one is logged, because it must not hide who is online."""
    if not online:
        return
    for hook in came_online:
        try:
            hook(online)
        except Exception:
            logger.exception("a hook for users who came online failed")
