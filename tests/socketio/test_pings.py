"""The server asks its Socket.IO clients whether they are there, and lets go of who does not answer."""

from __future__ import annotations

import asyncio
from unittest.mock import AsyncMock

import pytest
from engineio import packet
from engineio.async_socket import AsyncSocket

from chatsite.realtime.transports.socketio.websocket import Engine

pytestmark = pytest.mark.standalone

INTERVAL, ANSWER_WITHIN = 0.05, 0.05


@pytest.fixture
async def engine() -> Engine:
    return Engine(ping_interval=INTERVAL, ping_timeout=ANSWER_WITHIN, monitor_clients=False)


@pytest.fixture
async def client(engine: Engine) -> AsyncSocket:
    client = AsyncSocket(engine, "someone")
    client.schedule_ping()
    return client


async def next_packet(client: AsyncSocket) -> int:
    async with asyncio.timeout(5):
        return int((await client.queue.get()).packet_type)


async def test_a_client_that_answers_is_asked_again(client: AsyncSocket) -> None:
    for _ in range(2):
        assert await next_packet(client) == packet.PING
        await client.receive(packet.Packet(packet.PONG))
    assert await next_packet(client) == packet.PING
    assert await client.check_ping_timeout()


async def test_a_client_that_does_not_answer_is_asked_once_and_let_go(
    engine: Engine, client: AsyncSocket
) -> None:
    engine._trigger_event = AsyncMock()
    assert await next_packet(client) == packet.PING
    await asyncio.sleep(ANSWER_WITHIN + 2 * INTERVAL)
    assert client.queue.empty()
    assert not await client.check_ping_timeout()
    assert client.closed


async def test_a_client_that_has_gone_is_not_asked(client: AsyncSocket) -> None:
    client.closed = True
    await asyncio.sleep(2 * INTERVAL)
    assert client.queue.empty()


async def test_a_waiting_ping_is_no_task(client: AsyncSocket) -> None:
    assert asyncio.all_tasks() == {asyncio.current_task()}
