"""Session hooks: every authenticated socket is a connection of its user."""

from __future__ import annotations

from django.conf import settings

from chatsite.realtime import registry
from chatsite.realtime.interfaces import Runtime, Session
from presence import catching_up, tracker
from presence.announcements import Announcer
from presence.store import Connection
from presence.stores import open_store
from presence.tracker import Tracker


def start(runtime: Runtime) -> None:
    announcer = Announcer(runtime.hub.publish)
    tracking = Tracker(open_store(), announcer, ttl=settings.CHAT.presence_ttl)
    runtime.state.set(tracking)
    tracker.set_running(tracking)
    runtime.spawn("presence", tracking.run)
    runtime.spawn("presence announcements", announcer.run)


async def opened(session: Session) -> None:
    if session in session.runtime.sessions:  # it may have closed during the hook of another app
        _tracker(session).opened(Connection(session.user_id, session.id))


def closed(session: Session) -> None:
    _tracker(session).closed(session.id)


def _tracker(session: Session) -> Tracker:
    tracking = session.runtime.state.find(Tracker)
    assert tracking is not None, "the process's runtime has not started"
    return tracking


registry.started.append(start)
registry.opened.append(opened)
registry.closed.append(closed)
registry.restored.append(catching_up.catch_up)
