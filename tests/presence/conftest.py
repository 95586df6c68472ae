"""Processes that share one store, without sockets and without a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

import pytest

from conversations import access, block_rules
from presence import announcements, operations
from tests.harness.services import Redis
from tests.presence.process import Announced, Backend, LocalBackend, Process, RedisBackend

StartProcess: TypeAlias = Callable[[], Process]


@pytest.fixture(params=["local", "redis"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each kind of store in turn."""
    return LocalBackend() if request.param == "local" else RedisBackend(request.getfixturevalue("redis"))


@pytest.fixture
def redis_backend(redis: Redis) -> RedisBackend:
    return RedisBackend(redis)


def contacts_of(user_ids: Iterable[str]) -> dict[str, list[str]]:
    return {user_id: [f"contacts.{user_id}"] for user_id in user_ids}


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Announced:
    """Record the announcements in place of the database. All users have one group of contacts."""
    announced = Announced()

    def record(*, seen: Mapping[str, datetime]) -> None:
        announced.last_seen.update(seen)

    monkeypatch.setattr(operations, "record_last_seen", record)
    monkeypatch.setattr(access, "contact_groups", contacts_of)
    monkeypatch.setattr(block_rules, "people_blocked_by", lambda user_ids: {})
    monkeypatch.setattr(announcements, "came_online", [])
    return announced


@pytest.fixture
async def start_process(backend: Backend, announced: Announced) -> AsyncIterator[StartProcess]:
    """Start processes on each kind of store in turn. On the local one they are several event loops of one process."""
    async for start in _processes(backend, announced):
        yield start


@pytest.fixture
async def start_redis_process(
    redis_backend: RedisBackend, announced: Announced
) -> AsyncIterator[StartProcess]:
    async for start in _processes(redis_backend, announced):
        yield start


async def _processes(backend: Backend, announced: Announced) -> AsyncIterator[StartProcess]:
    started: list[Process] = []

    def start() -> Process:
        started.append(Process(f"process {len(started) + 1}", backend.open_store(), announced))
        return started[-1]

    yield start
    for process in started:
        await process.kill()
