"""Readers that stop reading below the WebSocket are closed. The process does not grow, and others notice nothing."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest

from chatsite.config.limits import limits
from tests.conversations.rooms import Room
from tests.faults.sockets import StalledReader
from tests.harness.client import LiveClient
from tests.harness.patience import patience

STALLED = 8
MESSAGES = 1_100
CONTENT = "x" * 7_900  # so that everything sent is 9 MB to each of them, 72 MB in all
WINDOW = 24  # sends in progress
QUEUE = 4 * 1024 * 1024  # bytes that wait for one reader before it is closed
SLOWER = 1.2  # how far the others' 99th percentile may grow
NOISE = 0.1  # seconds that are ignored
TRIES = 4  # a busy machine may cause a delay


async def converse(room: Room, sender: LiveClient, reader: LiveClient, count: int) -> list[float]:
    """Send this number of messages. Return how many seconds each took to reach the other person."""
    sent: dict[str, float] = {}
    delays: list[float] = []
    reader.forget()
    places = asyncio.Semaphore(WINDOW)

    async def send(number: int) -> None:
        async with places:
            sent[str(number)] = time.monotonic()
            await room.send(sender, f"{number} {CONTENT}")

    async def read() -> None:
        for _ in range(count):
            data = await reader.expect("new_message", timeout=20)
            delays.append(time.monotonic() - sent[data["message"]["content"].split()[0]])

    await asyncio.gather(read(), *(send(number) for number in range(count)))
    return delays


def p99(delays: list[float]) -> float:
    return sorted(delays)[int(len(delays) * 0.99)]


async def crowded(room: Room, number: int) -> list[StalledReader]:
    live_url = room.cast.stage.deployment.server(number).live_url
    return [await StalledReader.join(live_url, room.amir.access, room.id) for _ in range(STALLED)]


async def dropped(room: Room, number: int, ports: set[int]) -> None:
    """Wait until the server has dropped the sockets of these clients, which still read nothing."""
    server = psutil.Process(room.cast.stage.deployment.server(number).pid)
    deadline = time.monotonic() + patience(limits().stall_seconds + 30)
    while ports & {one.raddr.port for one in server.net_connections("tcp") if one.raddr}:
        assert time.monotonic() < deadline, "the stalled sockets are still open"
        await asyncio.sleep(0.5)


async def with_eight_who_read(room: Room, number: int, sender: LiveClient, reader: LiveClient) -> float:
    readers = await crowded(room, number)
    for one in readers:
        one.keep_up()
    delay = p99(await converse(room, sender, reader, MESSAGES))
    for one in readers:
        await one.close()
    return delay


async def with_eight_who_stall(room: Room, number: int, sender: LiveClient, reader: LiveClient) -> float:
    memory = psutil.Process(room.cast.stage.deployment.server(number).pid).memory_info
    stalled = await crowded(room, number)
    before = memory().rss
    delay = p99(await converse(room, sender, reader, MESSAGES))
    grown = memory().rss - before
    await dropped(room, number, {one.port for one in stalled})
    arrived = await asyncio.gather(*(one.ended(timeout=20) for one in stalled))
    assert max(arrived) < MESSAGES * len(CONTENT)
    assert grown < STALLED * QUEUE, f"grown by {grown / 2**20:.0f} MiB"
    for one in stalled:
        await one.close()
    return delay


@pytest.mark.parametrize("number", [0, 1], ids=["daphne", "uvicorn"])
async def test_stalled_readers_are_closed_and_cost_little(stopping_room: Room, number: int) -> None:
    """Send the same messages at full speed: first to eight more clients that read, then to eight that do not."""
    room = stopping_room
    sender, reader = await room.join(room.customer, number), await room.join(room.olivia, number)
    measured: list[tuple[float, float]] = []
    while not any(disturbed < SLOWER * undisturbed + NOISE for undisturbed, disturbed in measured):
        assert len(measured) < TRIES, measured
        undisturbed = await with_eight_who_read(room, number, sender, reader)
        measured.append((undisturbed, await with_eight_who_stall(room, number, sender, reader)))
    last = await room.send(sender, "and on it goes")
    assert last["message"]["seq"] == 2 * MESSAGES * len(measured) + 1
