"""Who is looking at a screen. An open socket does not show it, because the window may be hidden or idle.

A client repeats `set_attention` while its window is visible and in use. The process gathers its users for a second and
stores them in the shared cache, where the worker finds them. A client that never sends it counts as not looking.

A customer who looks at a conversation has seen a question for a rating there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, TypeVar
from uuid import UUID

from django.core.cache import cache

from chatsite.database.threads import in_database_thread
from chatsite.identity.cache import CACHE_AWAY
from chatsite.realtime import registry
from chatsite.realtime.interfaces import Runtime, Session
from chatsite.realtime.registry import command
from conversations.access import user_key
from conversations.serializers import WireObject
from conversations.session_state import state_of
from conversations.team.reports.csat import note_questions_seen

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 45  # after the last report
REPEAT_SECONDS: Final = 20  # between two reports of a client
STORE_SECONDS: Final = 1.0
ASK_AGAIN_SECONDS: Final = 5.0  # after the cache could not be reached
TRIED_SECONDS: Final = 2.0  # after `try_cache`, in which nothing waits for a cache that is down

T = TypeVar("T")


class AttentionCommand(WireObject, kw_only=True):
    """`active`: the window is visible, and somebody has used it in the last minute."""

    active: bool


class AttentionAnswer(WireObject, kw_only=True):
    """When to repeat the command, while the window stays in use."""

    repeat_after_seconds: int


@dataclass(slots=True)
class _Look:
    """A session that has reported that its user is looking, and the conversations that were stored as seen since."""

    until: float
    seen: set[UUID] = field(default_factory=set)


class Attention:
    """The users of one process who have reported since the last store that they are looking, and at what."""

    def __init__(self) -> None:
        self._users: set[str] = set()
        self._looks: dict[Session, _Look] = {}

    def report(self, session: Session) -> None:
        self._users.add(session.user_id)
        self._looks[session] = _Look(time.monotonic() + REPEAT_SECONDS)

    def take_users(self) -> set[str]:
        users, self._users = self._users, set()
        return users

    def take_seen(self) -> set[tuple[str, UUID]]:
        """Return the users with the conversations that they look at, which their sessions have joined."""
        found: set[tuple[str, UUID]] = set()
        for session, look in list(self._looks.items()):
            fresh = state_of(session).joined.keys() - look.seen
            look.seen |= fresh
            found.update((session.user_id, key) for key in fresh)
            if look.until < time.monotonic():
                del self._looks[session]
        return found


@command("set_attention", AttentionCommand, answer=AttentionAnswer, cost=0.1)
async def set_attention(session: Session, data: AttentionCommand) -> AttentionAnswer:
    """Report that the user looks at the window. A hidden or idle window stops, and its last report expires."""
    if data.active:
        session.runtime.state.get(Attention, Attention).report(session)
    return AttentionAnswer(repeat_after_seconds=REPEAT_SECONDS)


class PausingCache:
    """The shared cache, which is left alone for some seconds after it could not be reached.

    Otherwise each call would wait for its own timeout, and hold a thread or locks of the database meanwhile.
    """

    def __init__(self) -> None:
        self._ask_again_at = 0.0

    def ask(self, call: Callable[[], T], otherwise: T, *, ahead: float = 0.0) -> T:
        """Return what `call` returns, or `otherwise` if the cache is away or is left alone for longer than `ahead`."""
        if time.monotonic() + ahead < self._ask_again_at:
            return otherwise
        try:
            return call()
        except CACHE_AWAY as error:
            self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
            logger.warning("the cache cannot be reached, so nobody knows who looks at a screen: %s", error)
            return otherwise


_cache: Final = PausingCache()


def attentive_users(user_ids: Collection[str]) -> set[str]:
    """Return the users who look at a screen. Empty while the cache is down: an extra push is better than none."""
    keys = {_key(user_id): user_id for user_id in user_ids}
    found: dict[str, int] = _cache.ask(lambda: cache.get_many(list(keys)), {})
    return {keys[key] for key in found}


def try_cache() -> None:
    """Wait for the timeout here if the cache is down, so that no call of the next seconds waits for it."""
    _cache.ask(lambda: cache.get(_key("")), None, ahead=TRIED_SECONDS)


def note(user_ids: Collection[str]) -> None:
    """Remember that the users look at a screen."""
    _cache.ask(lambda: cache.set_many({_key(user_id): 1 for user_id in user_ids}, KEPT_SECONDS), [])


async def _store(runtime: Runtime) -> None:
    attention = runtime.state.get(Attention, Attention)
    users, seen = attention.take_users(), attention.take_seen()
    if users:
        await in_database_thread(note, users)
    if seen:
        await in_database_thread(note_questions_seen, [(user_key(user_id), key) for user_id, key in seen])


def _start(runtime: Runtime) -> None:
    runtime.spawn_forever("attention", STORE_SECONDS, lambda: _store(runtime))


def _key(user_id: str) -> str:
    return f"looking:{user_id}"


registry.started.append(_start)
