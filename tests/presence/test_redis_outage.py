"""Redis stops and restarts, with or without its data. Sockets notice nothing, and presence recovers by itself."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from datetime import UTC, datetime

import pytest
import redis

from presence.redis_store import ASK_AGAIN_SECONDS, READ_SECONDS
from presence.store import StoreUnavailable
from tests.presence.conftest import StartProcess
from tests.presence.process import CLOCKS, GRACE, TTL, Announced, RedisBackend, eventually

pytestmark = pytest.mark.standalone


async def online(backend: RedisBackend, *user_ids: str) -> set[str]:
    return await asyncio.to_thread(backend.reader.online, user_ids)


async def kill(backend: RedisBackend) -> None:
    await asyncio.to_thread(backend.redis.kill)


async def start(backend: RedisBackend) -> None:
    """Start Redis without data: the tests' Redis keeps nothing on disk."""
    await asyncio.to_thread(backend.redis.start)


def forget_everything(backend: RedisBackend) -> None:
    with redis.Redis.from_url(backend.redis.url) as client:
        client.flushall()


async def hang(backend: RedisBackend, seconds: float) -> None:
    def pause() -> None:
        with redis.Redis.from_url(backend.redis.url) as client:
            client.client_pause(round(seconds * 1000))

    await asyncio.to_thread(pause)


async def test_a_restart_without_data_is_repaired_without_events(
    start_redis_process: StartProcess, redis_backend: RedisBackend, announced: Announced
) -> None:
    one, two = start_redis_process(), start_redis_process()
    for number in range(30):
        (one, two)[number % 2].connect(str(number), f"device {number}")
    await eventually(lambda: len(announced.events) == 30)
    await kill(redis_backend)
    await asyncio.sleep(0.3)
    await start(redis_backend)
    everybody = {str(number) for number in range(30)}
    await eventually(lambda: redis_backend.reader.online(everybody) == everybody)
    await asyncio.sleep(TTL)
    assert len(announced.events) == 30


async def test_lost_data_is_noticed_within_one_round(
    start_redis_process: StartProcess, redis_backend: RedisBackend, announced: Announced
) -> None:
    """When only the data is lost, no command fails. A third of the TTL would be a long time to look offline."""
    process = start_redis_process()
    process.connect("7", "phone")
    await eventually(lambda: announced.last("7") == "user_online")
    process.tracker._refresh_at = math.inf  # nothing is reported again except after the loss
    forget_everything(redis_backend)
    await eventually(lambda: redis_backend.reader.online(["7"]) == {"7"})
    assert announced.names("7") == ["user_online"]


async def test_a_user_who_leaves_during_an_outage_is_announced_after_it(
    start_redis_process: StartProcess, redis_backend: RedisBackend, announced: Announced
) -> None:
    process = start_redis_process()
    process.connect("7", "phone")
    process.connect("8", "laptop")
    await eventually(lambda: len(announced.events) == 2)
    await kill(redis_backend)
    left_at = datetime.now(UTC)
    process.disconnect("phone")
    await asyncio.sleep(GRACE + 0.3)
    back_at = datetime.now(UTC)
    await start(redis_backend)
    await eventually(lambda: announced.names("7") == ["user_online", "user_offline"])
    assert left_at - CLOCKS <= announced.last_seen_reported("7") < back_at
    assert announced.names("8") == ["user_online"]


async def test_a_user_who_connects_during_an_outage_is_announced_after_it(
    start_redis_process: StartProcess, redis_backend: RedisBackend, announced: Announced
) -> None:
    process = start_redis_process()
    await kill(redis_backend)
    process.connect("7", "phone")
    process.connect("8", "a short visit")
    process.disconnect("a short visit")
    await asyncio.sleep(0.2)
    assert announced.events == []
    await start(redis_backend)
    await eventually(lambda: announced.names("7") == ["user_online"])
    await asyncio.sleep(GRACE)
    assert announced.names("8") == []


async def test_a_user_who_changes_process_during_an_outage_stays_online(
    start_redis_process: StartProcess, redis_backend: RedisBackend, announced: Announced
) -> None:
    one, two = start_redis_process(), start_redis_process()
    one.connect("7", "phone")
    await eventually(lambda: announced.last("7") == "user_online")
    await kill(redis_backend)
    one.disconnect("phone")
    two.connect("7", "phone again")
    await asyncio.sleep(GRACE)
    await start(redis_backend)
    await asyncio.sleep(TTL * 1.5)
    assert "user_offline" not in announced.names("7")
    assert await online(redis_backend, "7") == {"7"}


async def test_an_outage_longer_than_the_ttl_ends_nobody(
    start_redis_process: StartProcess, redis_backend: RedisBackend, announced: Announced
) -> None:
    """Every connection looks expired when Redis answers again. Nobody goes offline before all processes report."""
    one, two = start_redis_process(), start_redis_process()
    one.connect("7", "phone")
    two.connect("8", "laptop")
    await eventually(lambda: len(announced.events) == 2)
    await hang(redis_backend, TTL + 2.5)  # each process finds out by the timeout of its socket, 3 seconds
    await asyncio.sleep(TTL + 2.5)
    await eventually(lambda: not one.tracker.is_away and not two.tracker.is_away)
    await asyncio.sleep(TTL)
    assert len(announced.events) == 2


async def test_sockets_do_not_wait_for_a_redis_that_hangs(
    start_redis_process: StartProcess, redis_backend: RedisBackend, announced: Announced
) -> None:
    process = start_redis_process()
    await hang(redis_backend, 2.0)
    began = time.monotonic()
    for number in range(100):
        process.connect(str(number), f"device {number}")
        process.disconnect(f"device {number}")
    process.connect("7", "phone")
    assert time.monotonic() - began < 1.0
    await eventually(lambda: announced.names("7") == ["user_online"])


async def test_an_outage_is_logged_once(
    start_redis_process: StartProcess, redis_backend: RedisBackend, caplog: pytest.LogCaptureFixture
) -> None:
    process = start_redis_process()
    process.connect("7", "phone")
    await asyncio.sleep(0.2)
    with caplog.at_level(logging.INFO, logger="presence"):
        await kill(redis_backend)
        for number in range(5):
            process.connect(str(number), f"device {number}")
            await asyncio.sleep(0.1)
        await start(redis_backend)
        await eventually(lambda: any("answers again" in message for message in caplog.messages))
    assert sum("is paused" in message for message in caplog.messages) == 1
    assert sum("answers again" in message for message in caplog.messages) == 1


async def test_a_request_asks_a_hanging_redis_only_now_and_then(redis_backend: RedisBackend) -> None:
    await hang(redis_backend, 10 * READ_SECONDS)
    began = time.monotonic()
    for _ in range(10):
        with pytest.raises(StoreUnavailable):
            await online(redis_backend, "7")
    assert time.monotonic() - began < READ_SECONDS + ASK_AGAIN_SECONDS


async def test_a_request_survives_a_restart_of_redis(redis_backend: RedisBackend) -> None:
    """The pooled connection was opened before it."""
    assert await online(redis_backend, "7") == set()
    await asyncio.to_thread(redis_backend.redis.restart)
    assert await online(redis_backend, "7") == set()
