"""The socket of an API key gets the events that the key's scopes cover, and no others."""

from __future__ import annotations

from collections.abc import Collection
from uuid import uuid4

import pytest

from chatsite.identity.api_keys import SOCKET_SCOPE
from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.interfaces import Session
from chatsite.realtime.runtime import ProcessRuntime
from tests.presence.process import eventually
from tests.realtime.seats import seat

pytestmark = pytest.mark.standalone

NAMES = ("new_message", "note_added", "colleague_looking", "user_online", "of_no_app", "server_stopping")


async def frames_of(
    runtime: ProcessRuntime, monkeypatch: pytest.MonkeyPatch, scopes: Collection[str] | None
) -> tuple[list[bytes], list[str]]:
    """Send the events of `NAMES`. Return the frames, and the names of the events that count as delivered."""
    delivered: list[str] = []

    def note(session: Session, event: Event) -> None:
        delivered.append(event.name)

    for name in NAMES:
        monkeypatch.setitem(registry.on_delivered, name, note)
    session, wire = await seat(runtime, f"group {uuid4()}")
    held = None if scopes is None else frozenset(scopes)
    session.identity = Identity("1", "", None, "key", scopes=held)
    for name in NAMES:
        session.deliver(Event(name, b"{}", note=b"\x01"))
    await eventually(lambda: any(b"server_stopping" in frame for frame in wire.written))
    return wire.written, delivered


@pytest.mark.parametrize(
    ("scopes", "wanted"),
    [
        (None, NAMES),
        (["messages:read"], ("new_message", "server_stopping")),
        (["contacts:read"], ("user_online", "server_stopping")),
        (["messages:write"], ("server_stopping",)),
    ],
)
async def test_a_key_gets_the_events_of_its_scopes(
    runtime: ProcessRuntime,
    monkeypatch: pytest.MonkeyPatch,
    scopes: list[str] | None,
    wanted: tuple[str, ...],
) -> None:
    written, delivered = await frames_of(runtime, monkeypatch, scopes)
    assert written == [b'{"event":"%b","data":{}}' % name.encode() for name in wanted]
    assert delivered == list(wanted)  # what is dropped causes no receipt


def test_what_no_scope_covers() -> None:
    of_no_key = {name for name, kind in registry.events.items() if kind.scope is None}
    assert of_no_key == {"note_added", "note_edited", "note_deleted", "colleague_looking"}
    of_some = {name for name, kind in registry.events.items() if kind.scope == "contacts:read"}
    assert of_some == {"user_online", "user_offline"}
    others = registry.events.keys() - of_no_key - of_some
    # Every key with a socket has this scope, so no `rev` of a conversation is missing.
    assert {registry.events[name].scope for name in others} == {SOCKET_SCOPE, ""}
