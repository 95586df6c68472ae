"""How many refusals a flood gets before its socket closes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pytest_django import Settings

from chatsite.realtime.runtime import ProcessRuntime
from chatsite.realtime.session import LiveSession
from chatsite.realtime.transport import Close
from tests.presence.process import eventually
from tests.realtime.seats import Wire
from tests.realtime.test_token_bucket import Clock

pytestmark = pytest.mark.standalone

RATE, BURST, STRIKES = 200, 1_000, 500


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("chatsite.realtime.token_bucket.time", clock)
    return clock


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def session(settings: Settings, clock: Clock, wire: Wire) -> AsyncIterator[LiveSession]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.CHAT = replace(
        settings.CHAT, frames_per_second=RATE, frames_burst=BURST, flood_strikes=STRIKES, queue_frames=100_000
    )
    runtime = ProcessRuntime()
    yield LiveSession(wire, runtime)
    await runtime.stop()


def seconds_until_closed(
    session: LiveSession, clock: Clock, per_second: float, most: float = 60
) -> float | None:
    """Return how many seconds a client may send this number of frames a second."""
    began = clock.now
    while clock.now < began + most:
        session.admit(10)
        if session.is_closing:
            return clock.now - began
        clock.now += 1 / per_second
    return None


@pytest.mark.parametrize("per_second", [500, 1_000, 10_000])
async def test_any_flood_is_closed_however_slow_the_server(
    session: LiveSession, wire: Wire, clock: Clock, per_second: float
) -> None:
    """After the burst, 200 frames a second are allowed for any client. They must not make up for all others."""
    burst = BURST / (per_second - RATE)
    took = seconds_until_closed(session, clock, per_second)
    assert took is not None
    assert took <= burst + STRIKES / (per_second - 2 * RATE) + 1
    await eventually(lambda: wire.closed_with is not None)
    assert wire.closed_with == Close.POLICY


async def test_a_client_that_is_slightly_too_fast_is_warned_and_stays(
    session: LiveSession, clock: Clock
) -> None:
    assert seconds_until_closed(session, clock, 1.5 * RATE) is None


async def test_a_client_that_slows_down_is_accepted_again(session: LiveSession, clock: Clock) -> None:
    for _ in range(BURST + STRIKES - 1):
        session.admit(10)
    assert not session.is_closing
    clock.now += 2 / RATE  # more than the `retryAfter` that it was told
    assert seconds_until_closed(session, clock, 0.9 * RATE, most=STRIKES / RATE * 2) is None
    for _ in range(STRIKES - 1):
        session.admit(10)
    assert not session.is_closing
