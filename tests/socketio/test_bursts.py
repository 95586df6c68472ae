"""python-socketio's client sends a burst, and nothing is lost. `scenarios.js` has the same for Node's clients."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.harness.patience import patience
from tests.socketio.clients import Client
from tests.socketio.server import Site


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="-".join)
async def test_nothing_of_a_burst_is_lost(site: Site, transports: list[str]) -> None:
    """By polling, the client puts all 150 packets, more than two frames' worth, into one request."""
    answers: list[int] = []
    is_complete = asyncio.Event()

    def take(answer: dict[str, Any]) -> None:
        answers.append(answer["number"])
        if len(answers) == 150:
            is_complete.set()

    async with Client(site, *transports) as client:
        for _ in range(150):
            await client.emit("echo_pipelined", {"text": "x" * 1000}, callback=take)
        await asyncio.wait_for(is_complete.wait(), patience(10))
        assert client.socket.connected
    assert answers == list(range(1, 151))
