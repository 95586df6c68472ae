"""A process that cannot reach the store while others can, and answers that are late or missing."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.presence.conftest import StartProcess
from tests.presence.process import TTL, Announced, Backend, eventually

pytestmark = pytest.mark.standalone


async def test_the_first_process_back_waits_for_the_others(
    start_process: StartProcess, announced: Announced, backend: Backend
) -> None:
    """After an outage longer than the TTL, every connection looks expired until its process reports it."""
    first, second = start_process(), start_process()
    first.connect("7", "phone")
    second.connect("8", "laptop")
    await eventually(lambda: len(announced.events) == 2)
    first.store.is_cut = second.store.is_cut = True
    await asyncio.sleep(TTL + 0.1)
    first.store.is_cut = False
    await asyncio.sleep(0.2)
    second.store.is_cut = False
    await eventually(lambda: backend.reader.online(["7", "8"]) == {"7", "8"})
    await asyncio.sleep(TTL)
    assert len(announced.events) == 2


async def test_users_given_up_meanwhile_are_announced_again(
    start_process: StartProcess, announced: Announced
) -> None:
    cut_off, other = start_process(), start_process()
    cut_off.connect("7", "phone")
    other.connect("8", "laptop")
    await eventually(lambda: len(announced.events) == 2)
    cut_off.store.is_cut = True
    await eventually(lambda: announced.last("7") == "user_offline")
    cut_off.store.is_cut = False
    await eventually(lambda: announced.last("7") == "user_online")
    # The process that announced the departure may have checked again and announced the return too.
    assert announced.names("7")[:3] == ["user_online", "user_offline", "user_online"]
    assert announced.names("8") == ["user_online"]


async def test_a_connection_closed_while_it_is_reported_is_reported_as_closed(
    start_process: StartProcess, announced: Announced, backend: Backend
) -> None:
    process = start_process()
    process.store.clear.clear()
    began = time.monotonic()
    process.connect("7", "phone")
    await eventually(lambda: backend.reader.online(["7"]) == {"7"})  # and it does not know
    process.disconnect("phone")
    process.store.clear.set()
    await eventually(lambda: announced.names("7") == ["user_online", "user_offline"])
    assert time.monotonic() - began < TTL, "it was forgotten, and not told of"


async def test_a_connection_closed_while_its_answer_is_lost_is_reported_as_closed(
    start_process: StartProcess, backend: Backend
) -> None:
    process = start_process()
    process.store.clear.clear()
    began = time.monotonic()
    process.connect("7", "phone")
    await eventually(lambda: backend.reader.online(["7"]) == {"7"})  # and it does not know
    process.disconnect("phone")
    process.store.is_cut = True
    process.store.clear.set()
    await asyncio.sleep(0.1)
    assert backend.reader.online(["7"]) == {"7"}
    process.store.is_cut = False
    await eventually(lambda: not backend.reader.online(["7"]))
    assert time.monotonic() - began < TTL, "it was forgotten, and not told of"
