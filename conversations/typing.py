"""Show who is typing. Nothing is stored: every process ends a typing start after six seconds.

Typing therefore ends even if the typist's process is killed or a stop is lost. Each start and stop names its socket, so
a user who types on two devices stops only when both have stopped.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final
from uuid import UUID

import msgspec
from django.conf import settings

from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.interfaces import Runtime, Session
from conversations.payloads import TypingEvent
from conversations.session_state import state_of

REPEAT_SECONDS: Final = 1.0  # a start within this time of the last one is not published again
STOPPED: Final = (
    "~typing_stopped"  # control message: one socket stopped; another one of the user may continue
)


class TypingNote(msgspec.Struct, array_like=True, frozen=True):
    """Names the socket of a start or stop."""

    conversation_id: UUID
    user_id: str
    socket_id: str


def _typing_event(conversation_id: UUID, user_id: str, is_typing: bool, socket_id: str = "") -> Event:
    data = TypingEvent(conversation_id=conversation_id, user_id=user_id, is_typing=is_typing)
    note = TypingNote(conversation_id, user_id, socket_id) if socket_id else None
    return Event.of("user_typing", data, exclude_user=user_id, note=note)


class TypingBoard:
    """The typists shown to this process's sockets, with the end timer of each of their sockets."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._ends: dict[tuple[UUID, str], dict[str, asyncio.TimerHandle]] = {}
        runtime.hub.watchers.append(self._watch)

    def _watch(self, group: str, event: Event) -> None:
        if event.name not in ("user_typing", STOPPED) or not event.has_note:
            return
        note = event.note_as(TypingNote)
        key, socket_id = (note.conversation_id, note.user_id), note.socket_id
        if event.name == STOPPED:
            self._end(key, socket_id)
            return
        sockets = self._ends.setdefault(key, {})
        if running := sockets.get(socket_id):
            running.cancel()
        seconds = settings.CHAT.typing_seconds
        sockets[socket_id] = self._runtime.loop.call_later(seconds, self._end, key, socket_id)

    def _end(self, key: tuple[UUID, str], socket_id: str) -> None:
        """End the typing of one socket. If it was the user's last one, tell this process's sockets."""
        sockets = self._ends.get(key)
        if sockets is None:
            return  # no socket here was told that the user is typing
        if running := sockets.pop(socket_id, None):
            running.cancel()
        if sockets:
            return
        del self._ends[key]
        conversation_id, user_id = key
        stopped = _typing_event(conversation_id, user_id, False)
        self._runtime.hub.deliver_here(groups.conversation(conversation_id), stopped)


def watch_typing(runtime: Runtime) -> None:
    runtime.state.set(TypingBoard(runtime))


def start_typing(session: Session, conversation_id: UUID) -> None:
    """Show the user as typing. Who is blocked is shown to nobody, and is not told so."""
    if conversation_id in state_of(session).silenced:
        return
    typing_in = state_of(session).typing_since
    now = time.monotonic()
    if now - typing_in.get(conversation_id, -REPEAT_SECONDS) >= REPEAT_SECONDS:
        typing_in[conversation_id] = now
        _publish(session, conversation_id, True)


def stop_typing(session: Session, conversation_id: UUID) -> None:
    """Stop typing. Also called when the message was sent or the socket closed."""
    started = state_of(session).typing_since.pop(conversation_id, None)
    if started is not None and time.monotonic() - started < settings.CHAT.typing_seconds:
        _publish(session, conversation_id, False)


def _publish(session: Session, conversation_id: UUID, is_typing: bool) -> None:
    if is_typing:
        event = _typing_event(conversation_id, session.user_id, True, session.id)
    else:
        event = Event(STOPPED, b"null", note=TypingNote(conversation_id, session.user_id, session.id))
    session.runtime.hub.publish([(groups.conversation(conversation_id), event)])


def _stop_all(session: Session) -> None:
    for conversation_id in list(state_of(session).typing_since):
        stop_typing(session, conversation_id)


registry.started.append(watch_typing)
registry.closed.append(_stop_all)
