"""The load generator speaks the protocols: against real servers it sends, hears and counts."""

from __future__ import annotations

import asyncio

import pytest

from bench.load import Load
from bench.wire import Protocol
from tests.harness.cast import Cast


@pytest.mark.parametrize("protocol", ["native", "socketio"])
async def test_a_talk_is_counted(cast: Cast, protocol: Protocol) -> None:
    customer = await cast.newcomer()
    conversation = await cast.conversation(customer)
    load = Load()
    ports = [server.port for server in cast.stage.deployment.servers]
    pair = {"conversation": conversation["id"], "tokens": [customer.access, cast.amir.access]}
    await load.join(protocol=protocol, ports=ports, pairs=[pair])
    done = await load.talk(seconds=1.5, warm_up=0.2, window=2)
    await asyncio.sleep(0.3)
    assert await load.leave() == {"left": 2}
    assert done["messages"] > 4
    assert done["delivery"]["count"] > 4
    assert 0 < done["ack"]["p50"] <= done["ack"]["p99"]
