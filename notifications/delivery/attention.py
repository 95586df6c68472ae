"""Who is looking at a screen. An open socket does not show it, because the window may be hidden or idle.

A client repeats `set_attention` while its window is visible and in use. The process gathers its users for a second and
stores them in the shared cache, where the worker finds them. A client that never sends it counts as not looking.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final

from django.core.cache import cache

from chatsite.database.threads import in_database_thread
from chatsite.identity.cache import CACHE_AWAY
from chatsite.realtime import registry
from chatsite.realtime.interfaces import Runtime, Session
from chatsite.realtime.registry import command
from conversations.serializers import WireObject

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 45  # after the last report
REPEAT_SECONDS: Final = 20  # between two reports of a client
STORE_SECONDS: Final = 1.0


class AttentionCommand(WireObject, kw_only=True):
    """`active`: the window is visible, and somebody has used it in the last minute."""

    active: bool


class AttentionAnswer(WireObject, kw_only=True):
    """When to repeat the command, while the window stays in use."""

    repeat_after_seconds: int


class Attention:
    """The users of one process who have reported since the last store that they are looking."""

    def __init__(self) -> None:
        self.looking: set[str] = set()


@command("set_attention", AttentionCommand, answer=AttentionAnswer, cost=0.1)
async def set_attention(session: Session, data: AttentionCommand) -> AttentionAnswer:
    """Report that the user looks at the window. A hidden or idle window stops, and its last report expires."""
    attention = session.runtime.state.get(Attention, Attention)
    if data.active:
        attention.looking.add(session.user_id)
    return AttentionAnswer(repeat_after_seconds=REPEAT_SECONDS)


def attentive_users(user_ids: Collection[str]) -> set[str]:
    """Which of the users look at a screen. Empty while the cache is down: an extra push is better than none."""
    keys = {_key(user_id): user_id for user_id in user_ids}
    try:
        return {keys[key] for key in cache.get_many(list(keys))}
    except CACHE_AWAY as error:
        logger.warning("the cache cannot be reached, so attention is unknown: %s", error)
        return set()


def note(user_ids: Collection[str]) -> None:
    """Remember that the users look at a screen."""
    try:
        cache.set_many({_key(user_id): 1 for user_id in user_ids}, KEPT_SECONDS)
    except CACHE_AWAY as error:
        logger.warning("the cache cannot be reached, so attention is not stored: %s", error)


async def _store(runtime: Runtime) -> None:
    attention = runtime.state.get(Attention, Attention)
    if attention.looking:
        looking_now, attention.looking = attention.looking, set()
        await in_database_thread(note, looking_now)


def _start(runtime: Runtime) -> None:
    runtime.spawn_forever("attention", STORE_SECONDS, lambda: _store(runtime))


def _key(user_id: str) -> str:
    return f"looking:{user_id}"


registry.started.append(_start)
