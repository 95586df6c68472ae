"""Presence from the sessions, through the runtime's hooks, to the contacts' sockets."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable

import msgspec
import pytest
from pytest_django import Settings

from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.runtime import ProcessRuntime, get_runtime, stop_runtime
from chatsite.realtime.session import LiveSession
from presence import live, stores, tracker
from tests.presence.process import Announced, eventually


class Contact:
    """A socket in the group of user 7's contacts."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.got: list[tuple[str, dict[str, str]]] = []

    def deliver(self, event: Event) -> None:
        self.got.append((event.name, msgspec.json.decode(event.data)))


class NoTransport:
    kind = "test"

    def encode(self, event: Event) -> bytes:
        return event.native

    def encode_ack(self, ref: object, data: bytes) -> bytes:
        return b""

    def encode_error(self, ref: object, error: Exception) -> bytes:
        return b""

    def write_now(self, frames: Iterable[bytes]) -> bool:
        return True

    async def write(self, frame: bytes) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


@pytest.fixture
async def runtime(
    announced: Announced, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ProcessRuntime]:
    """A runtime with presence alone, on the embedded defaults."""
    settings.REDIS_URL = ""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.CHAT = dataclasses.replace(settings.CHAT, presence_ttl=1.3, presence_grace=0.1)
    monkeypatch.setattr(tracker, "ROUND_SECONDS", 0.05)
    stores._local.cache_clear()
    for hooks, own in (
        (registry.started, live.start),
        (registry.opened, live.opened),
        (registry.closed, live.closed),
    ):
        assert own in hooks
        monkeypatch.setattr(registry, _name_of(hooks), [own])
    yield await get_runtime()
    await stop_runtime()
    stores._local.cache_clear()


def _name_of(hooks: object) -> str:
    return next(name for name in ("started", "opened", "closed") if getattr(registry, name) is hooks)


async def open_session(runtime: ProcessRuntime, user_id: str) -> LiveSession:
    session = LiveSession(NoTransport(), runtime)
    await session.open(Identity(user_id=user_id, login_id="login", expires_at=None))
    return session


async def test_contacts_hear_of_it_and_the_user_does_not(runtime: ProcessRuntime) -> None:
    contact, own = Contact("8"), Contact("7")
    await runtime.hub.subscribe("contacts.7", contact)
    await runtime.hub.subscribe("contacts.7", own)
    session = await open_session(runtime, "7")
    await eventually(lambda: contact.got == [("user_online", {"userId": "7"})])
    assert await asyncio.to_thread(tracker.connected_here, ["7", "8"]) == {"7"}
    assert await asyncio.to_thread(stores.get_reader().online, ["7", "8"]) == {"7"}
    await session.close()
    await session.close()
    await eventually(lambda: len(contact.got) == 2)
    name, data = contact.got[1]
    assert (name, sorted(data), data["userId"]) == ("user_offline", ["lastSeen", "userId"], "7")
    assert data["lastSeen"].endswith("Z")
    assert tracker.connected_here(["7"]) == set()
    assert own.got == []


async def test_a_session_closed_while_it_opened_is_no_connection(
    runtime: ProcessRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(session: LiveSession) -> None:
        await session.close()

    monkeypatch.setattr(registry, "opened", [slow, live.opened])
    await open_session(runtime, "7")
    assert tracker.connected_here(["7"]) == set()
