"""The load generator speaks the protocols: it sends to real servers, and receives and counts events."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bench.load import Load
from bench.wire import Protocol
from tests.harness.cast import Cast

pytestmark = pytest.mark.one_database


async def loaded(cast: Cast) -> tuple[Load, list[int], dict[str, Any]]:
    customer = await cast.newcomer()
    conversation = await cast.conversation(customer)
    ports = [server.port for server in cast.stage.deployment.servers]
    return Load(), ports, {"conversation": conversation["id"], "tokens": [customer.access, cast.amir.access]}


@pytest.mark.parametrize("protocol", ["native", "socketio"])
async def test_a_talk_is_counted(cast: Cast, protocol: Protocol) -> None:
    load, ports, pair = await loaded(cast)
    await load.join(protocol=protocol, ports=ports, pairs=[pair])
    done = await load.talk(seconds=1.5, warm_up=0.2, window=2)
    await asyncio.sleep(0.3)
    assert await load.leave() == {"left": 2}
    assert done["messages"] > 4
    assert done["delivery"]["count"] > 4
    assert 0 < done["ack"]["p50"] <= done["ack"]["p99"]


@pytest.mark.parametrize("protocol", ["native", "socketio"])
async def test_turns_are_counted(cast: Cast, protocol: Protocol) -> None:
    load, ports, pair = await loaded(cast)
    await load.join(protocol=protocol, ports=ports, pairs=[pair])
    done = await load.take_turns(seconds=1.5, warm_up=0.2)
    await asyncio.sleep(0.3)  # the last message is still in progress
    await load.leave()
    assert done["messages"] == done["exchange"]["count"] > 4
    assert 0 < done["exchange"]["p50"] <= done["exchange"]["p99"]


@pytest.mark.parametrize("protocol", ["native", "socketio"])
async def test_arrivals_are_counted(cast: Cast, protocol: Protocol) -> None:
    load, ports, pair = await loaded(cast)
    done = await load.arrive(protocol=protocol, ports=ports, pairs=[pair], at_once=2)
    assert await load.leave() == {"left": 2}
    assert done["arrival"]["count"] == 2
