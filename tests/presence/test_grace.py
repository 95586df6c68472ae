"""A user who returns within the grace period is never shown as offline."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.presence.conftest import StartProcess
from tests.presence.process import CLOCKS, GRACE, Announced, eventually

pytestmark = pytest.mark.standalone


async def test_offline_waits_for_the_grace(start_process: StartProcess, announced: Announced) -> None:
    process = start_process()
    process.connect("7", "phone")
    await eventually(lambda: announced.names("7") == ["user_online"])
    left_at = datetime.now(UTC)
    process.disconnect("phone")
    await eventually(lambda: announced.names("7") == ["user_online", "user_offline"])
    told_at = datetime.now(UTC)
    assert told_at - left_at >= timedelta(seconds=GRACE)
    assert left_at - CLOCKS <= announced.last_seen_reported("7") < told_at - timedelta(seconds=GRACE / 2)
    assert announced.last_seen["7"] == announced.last_seen_reported("7")


async def test_a_reload_is_not_noticed(start_process: StartProcess, announced: Announced) -> None:
    one, two = start_process(), start_process()
    one.connect("7", "first")
    await eventually(lambda: announced.names("7") == ["user_online"])
    one.disconnect("first")
    await asyncio.sleep(GRACE * 0.25)
    two.connect("7", "second")
    await asyncio.sleep(GRACE + 0.2)
    assert announced.names("7") == ["user_online"]


async def test_coming_back_after_the_grace_is_announced(
    start_process: StartProcess, announced: Announced
) -> None:
    process = start_process()
    process.connect("7", "first")
    await eventually(lambda: announced.last("7") == "user_online")
    process.disconnect("first")
    await eventually(lambda: announced.last("7") == "user_offline")
    process.connect("7", "second")
    await eventually(lambda: announced.names("7") == ["user_online", "user_offline", "user_online"])


async def test_a_return_is_announced_once(start_process: StartProcess, announced: Announced) -> None:
    process = start_process()
    for number in range(3):
        process.connect("7", f"phone-{number}")
        await eventually(lambda: announced.last("7") == "user_online")
        process.disconnect(f"phone-{number}")
        await eventually(lambda: announced.last("7") == "user_offline")
    await asyncio.sleep(GRACE)
    assert announced.names("7") == ["user_online", "user_offline"] * 3
