"""A flood is told to slow down, and then closed."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.client import LiveClient, LiveClosed
from tests.harness.rest import ApiError
from tests.realtime.logins import Login

BURST, STRIKES = 4_000, 500
FRAME = '{"event":"nonsense"}'


async def send_for_ever(client: LiveClient) -> None:
    try:
        while True:
            for _ in range(100):
                await client.send_raw(FRAME)
            await asyncio.sleep(0.001)
    except LiveClosed:
        return


@pytest.mark.parametrize("server", [0, 1])
async def test_who_does_not_slow_down_is_closed(login: Login, server: int) -> None:
    async with await login.live(server) as flood, await login.live(server) as neighbour:
        flooding = asyncio.create_task(send_for_ever(flood))
        assert await flood.closed(timeout=60) == 1008
        await flooding
        codes = [frame.data["code"] for frame in flood.events]
        refused = [frame.data for frame in flood.events if frame.data["code"] == "rate_limited"]
        assert codes[:BURST] == ["unknown_event"] * BURST
        assert len(refused) >= STRIKES
        assert 0 < refused[0]["details"]["retryAfter"] < 1
        await neighbour.call("heartbeat")


async def test_who_slows_down_stays(login: Login) -> None:
    async with await login.live() as client:
        for _ in range(BURST + STRIKES // 2):
            await client.send_raw(FRAME)
        with pytest.raises(ApiError) as refusal:
            await asyncio.gather(*(client.begin("heartbeat") for _ in range(STRIKES // 2)))
        assert refusal.value.code == "rate_limited"
        await asyncio.sleep(refusal.value.details["retryAfter"] + 1)
        await client.call("heartbeat")
