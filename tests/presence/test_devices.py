"""A user is online while any device has a connection to any process."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.presence.conftest import StartProcess
from tests.presence.process import GRACE, TTL, Announced, Backend, eventually

pytestmark = pytest.mark.standalone


async def test_the_first_device_is_announced_and_no_other(
    start_process: StartProcess, announced: Announced, backend: Backend
) -> None:
    one, two = start_process(), start_process()
    one.connect("7", "phone")
    await eventually(lambda: announced.names("7") == ["user_online"])
    one.connect("7", "laptop")
    two.connect("7", "tablet")
    await asyncio.sleep(0.1)
    assert announced.names("7") == ["user_online"]
    assert backend.reader.online(["7"]) == {"7"}


async def test_the_last_device_of_all_processes_counts(
    start_process: StartProcess, announced: Announced
) -> None:
    one, two = start_process(), start_process()
    one.connect("7", "phone")
    one.connect("7", "laptop")
    two.connect("7", "tablet")
    await eventually(lambda: announced.names("7") == ["user_online"])
    one.disconnect("phone")
    one.disconnect("laptop")
    await asyncio.sleep(GRACE + 4 * 0.05)
    assert announced.names("7") == ["user_online"]
    two.disconnect("tablet")
    await eventually(lambda: announced.names("7") == ["user_online", "user_offline"])
    await asyncio.sleep(GRACE)
    assert announced.names("7") == ["user_online", "user_offline"]  # one process of the two


async def test_a_connection_outlives_its_ttl(start_process: StartProcess, announced: Announced) -> None:
    process, _ = start_process(), start_process()
    process.connect("7", "phone")
    await asyncio.sleep(TTL * 1.8)
    assert announced.names("7") == ["user_online"]


async def test_a_connection_closed_before_it_was_reported_leaves_no_trace(
    start_process: StartProcess, announced: Announced, backend: Backend
) -> None:
    process = start_process()
    process.connect("7", "phone")
    process.disconnect("phone")
    process.disconnect("phone")
    process.disconnect("never opened")
    await asyncio.sleep(0.2)
    assert announced.names("7") == []
    assert backend.reader.online(["7"]) == set()


async def test_a_thousand_devices_come_and_go(start_process: StartProcess, announced: Announced) -> None:
    process = start_process()
    for number in range(1200):
        process.connect(str(number), f"device {number}")
    await eventually(lambda: len(announced.events) == 1200)
    for number in range(1200):
        process.disconnect(f"device {number}")
    await eventually(lambda: len(announced.events) == 2400)
    told = Counter((name, data["userId"]) for name, data, _ in announced.events)
    assert set(told.values()) == {1}
