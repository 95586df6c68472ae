"""Hooks that make clients catch up: each runs until it has succeeded, whatever happens to the others."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatsite.realtime import catching_up, registry
from chatsite.realtime import runtime as runtime_module
from chatsite.realtime.runtime import ProcessRuntime
from tests.realtime.seats import seat
from tests.realtime.test_redis_layer import until

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


class Hook(list[datetime]):
    """Fails as often as it is told to, and then keeps the times it was called with."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures

    async def __call__(self, target: Any, since: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        self.append(since)

    __hash__ = object.__hash__  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(runtime_module, "GATHER_SECONDS", 0.05)


@pytest.fixture
async def hooks(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> AsyncIterator[tuple[ProcessRuntime, Hook, Hook]]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    failing, other = Hook(failures=3), Hook()
    monkeypatch.setattr(registry, "restored", [failing, other])
    monkeypatch.setattr(registry, "caught_up", [failing, other])
    monkeypatch.setattr(registry, "closed", [])
    process = ProcessRuntime()
    yield process, failing, other
    await process.stop()


async def test_a_hook_that_fails_is_called_again(hooks: tuple[ProcessRuntime, Hook, Hook]) -> None:
    process, failing, other = hooks
    process._catch_up.request(NOON)
    await until(lambda: failing == [NOON])
    assert other == [NOON]


async def test_requests_together_run_once_for_the_earliest_time(
    hooks: tuple[ProcessRuntime, Hook, Hook],
) -> None:
    process, failing, other = hooks
    for since in (LATER, NOON, LATER):
        process._catch_up.request(since)
    await until(lambda: failing == [NOON])
    assert other == [NOON]
    process._catch_up.request(LATER)
    await until(lambda: failing == other == [NOON, LATER])


async def test_a_session_catches_up_in_the_same_way(hooks: tuple[ProcessRuntime, Hook, Hook]) -> None:
    process, failing, other = hooks
    session, _ = await seat(process, "room")
    session.caught_up(NOON.timestamp())
    await until(lambda: failing == [NOON])
    assert other == [NOON]


async def test_a_session_that_is_gone_needs_nothing(hooks: tuple[ProcessRuntime, Hook, Hook]) -> None:
    process, failing, _ = hooks
    failing.failures = 10_000
    session, _ = await seat(process, "room")
    session.caught_up(time.time())
    await until(lambda: failing.failures < 9_998)
    await session.close()
    await until(lambda: not process._tasks)
