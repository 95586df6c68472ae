"""A killed process closes no connection. Its users go offline after the TTL, unless they are connected elsewhere."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.patience import patience
from tests.presence.conftest import StartProcess
from tests.presence.process import CLOCKS, TTL, Announced, Backend, eventually

pytestmark = pytest.mark.standalone


async def test_its_users_go_offline_with_the_time_of_their_last_report(
    start_process: StartProcess, announced: Announced, backend: Backend
) -> None:
    victim, witness = start_process(), start_process()
    victim.connect("7", "phone")
    witness.connect("8", "laptop")
    await asyncio.sleep(TTL)  # long enough to have been refreshed
    await victim.kill()
    killed_at = datetime.now(UTC)  # what was in transit has arrived
    await eventually(lambda: announced.last("7") == "user_offline")
    assert datetime.now(UTC) - killed_at < timedelta(seconds=TTL + patience(0.3))
    silent_before = killed_at - announced.last_seen_reported("7")
    assert -CLOCKS < silent_before < timedelta(seconds=TTL / 3 + patience(0.2))
    assert announced.last_seen["7"] == announced.last_seen_reported("7")
    assert announced.events[-1][2] == witness.name
    assert announced.names("8") == ["user_online"]
    assert backend.reader.online(["7", "8"]) == {"8"}


async def test_a_user_with_another_device_elsewhere_stays(
    start_process: StartProcess, announced: Announced
) -> None:
    victim, other = start_process(), start_process()
    victim.connect("7", "phone")
    await eventually(lambda: announced.last("7") == "user_online")
    other.connect("7", "laptop")
    await victim.kill()
    await asyncio.sleep(TTL * 1.5)
    assert announced.names("7") == ["user_online"]


async def test_a_user_who_reconnects_elsewhere_in_time_is_not_noticed(
    start_process: StartProcess, announced: Announced
) -> None:
    victim, other = start_process(), start_process()
    victim.connect("7", "phone")
    await eventually(lambda: announced.last("7") == "user_online")
    await victim.kill()
    await asyncio.sleep(TTL * 0.25)
    other.connect("7", "phone again")
    await asyncio.sleep(TTL)
    assert announced.names("7") == ["user_online"]


async def test_the_next_process_reaps_what_the_only_one_left(
    start_process: StartProcess, announced: Announced
) -> None:
    victim = start_process()
    victim.connect("7", "phone")
    await eventually(lambda: announced.last("7") == "user_online")
    await victim.kill()
    await asyncio.sleep(TTL)
    start_process()
    await eventually(lambda: announced.names("7") == ["user_online", "user_offline"])


async def test_a_process_that_was_only_stalled_brings_its_users_back(
    start_process: StartProcess, announced: Announced
) -> None:
    stalled, _ = start_process(), start_process()
    stalled.connect("7", "phone")
    await eventually(lambda: announced.last("7") == "user_online")
    await stalled.kill()
    await eventually(lambda: announced.last("7") == "user_offline")
    await asyncio.sleep(TTL / 3)
    await stalled.tracker.round()
    await stalled.announcer.flush()
    assert announced.names("7") == ["user_online", "user_offline", "user_online"]
