"""A flood gets `rate_limited`, and then its socket closes."""

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


def floods_ended(login: Login, server: int) -> int:
    """Return how many sockets this process has closed with 1008, from its metrics.

    `test_strikes.py` checks the code.
    """
    log = login.deployment.server(server).log.read_text(errors="replace")
    return log.count("closing a session: flood")


async def send_until_refused(client: LiveClient) -> ApiError:
    """Send until a refusal, and return it. On a slow machine the limit refills meanwhile, so its moment varies."""
    while True:
        calls = [client.begin("nonsense") for _ in range(STRIKES // 2)]
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, ApiError)
            if outcome.code == "rate_limited":
                return outcome


@pytest.mark.parametrize("server", [0, 1])
async def test_a_client_that_does_not_slow_down_is_closed(login: Login, server: int) -> None:
    closed_before = floods_ended(login, server)
    async with await login.live(server) as flood, await login.live(server) as neighbour:
        flooding = asyncio.create_task(send_for_ever(flood))
        # The second one appears if the connection is cut while the close frame is behind unread answers.
        code = await flood.closed(timeout=60)
        assert code in {1008, 1006}
        assert floods_ended(login, server) == closed_before + 1
        await flooding
        # The number varies: answers may be lost behind the client's unread frames when the server closes.
        refused = [frame.data for frame in flood.events[BURST:] if frame.data["code"] == "rate_limited"]
        assert {frame.data["code"] for frame in flood.events[:BURST]} == {"unknown_event"}
        assert {frame.data["code"] for frame in flood.events[BURST:]} <= {"unknown_event", "rate_limited"}
        assert all(0 < refusal["details"]["retryAfter"] < 1 for refusal in refused)
        await neighbour.call("heartbeat")


async def test_a_client_that_slows_down_stays(login: Login) -> None:
    async with await login.live() as client:
        for _ in range(BURST):
            await client.send_raw(FRAME)
        refusal = await send_until_refused(client)
        await asyncio.sleep(refusal.details["retryAfter"] + 1)
        await client.call("heartbeat")
