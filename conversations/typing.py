"""Who is typing. Nothing is stored: a start is an event, and every process ends it by itself after six seconds.

So a typist whose process was killed stops typing for everybody, and a lost stop heals.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from django.conf import settings

from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.runtime import Runtime
from chatsite.realtime.session import Session
from conversations.serializers import TypingEvent

REPEAT_SECONDS = 1.0  # a start within this time of the last one is not published again


def _typing_event(conversation_id: UUID, user_id: str, is_typing: bool) -> Event:
    data = TypingEvent(conversation_id=conversation_id, user_id=user_id, is_typing=is_typing)
    note = [str(conversation_id), user_id, is_typing]
    return Event.of("user_typing", data, exclude_user=user_id, note=note)


class TypingBoard:
    """The typists that this process's sockets have heard of, each with the moment at which it ends."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._ends: dict[tuple[str, str], asyncio.TimerHandle] = {}
        runtime.hub.watchers.append(self._watch)

    def _watch(self, group: str, event: Event) -> None:
        if event.name != "user_typing" or event.note is None:
            return
        conversation_id, user_id, is_typing = event.note
        key = (conversation_id, user_id)
        running = self._ends.pop(key, None)
        if running is not None:
            running.cancel()
        if is_typing:
            self._ends[key] = self._runtime.loop.call_later(settings.CHAT.typing_seconds, self._end, key)

    def _end(self, key: tuple[str, str]) -> None:
        self._ends.pop(key, None)  # nobody here may be left to hear of it
        conversation_id, user_id = UUID(key[0]), key[1]
        stopped = _typing_event(conversation_id, user_id, False)
        self._runtime.hub.deliver_here(groups.conversation(conversation_id), stopped)


def watch_typing(runtime: Runtime) -> None:
    runtime.state["typing"] = TypingBoard(runtime)


def start_typing(session: Session, conversation_id: UUID) -> None:
    typing_in = session.state.setdefault("typing", {})
    now = time.monotonic()
    if now - typing_in.get(conversation_id, -REPEAT_SECONDS) >= REPEAT_SECONDS:
        typing_in[conversation_id] = now
        _publish(session, conversation_id, True)


def stop_typing(session: Session, conversation_id: UUID) -> None:
    """Also when the message was sent, or the socket went away."""
    started = session.state.get("typing", {}).pop(conversation_id, None)
    if started is not None and time.monotonic() - started < settings.CHAT.typing_seconds:
        _publish(session, conversation_id, False)


def _publish(session: Session, conversation_id: UUID, is_typing: bool) -> None:
    event = _typing_event(conversation_id, session.user_id, is_typing)
    session.runtime.hub.publish([(groups.conversation(conversation_id), event)])


def _stop_all(session: Session) -> None:
    for conversation_id in list(session.state.get("typing", {})):
        stop_typing(session, conversation_id)


registry.started.append(watch_typing)
registry.closed.append(_stop_all)
