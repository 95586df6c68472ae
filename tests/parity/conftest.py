"""The transports, and a new conversation with a client on each live transport."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.parity.node import NodeBridge
from tests.parity.transports import TransportName, Transports
from tests.socketio.conftest import node_modules  # noqa: F401  the same installed packages


@pytest.fixture
async def bridge(node_modules: Path) -> AsyncIterator[NodeBridge]:  # noqa: F811
    async with NodeBridge(node_modules) as running:
        yield running


@pytest.fixture
async def transports(bridge: NodeBridge, deployment: Deployment) -> AsyncIterator[Transports]:
    opened = Transports(bridge, deployment)
    yield opened
    await opened.close()


@pytest.fixture(params=["native", "socketio", "rest"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each transport in turn, for what all three can do."""
    chosen: TransportName = request.param
    return chosen


@pytest.fixture(params=["native", "socketio"])
def live_transport(request: pytest.FixtureRequest) -> TransportName:
    """Each live transport in turn, for what REST cannot do."""
    chosen: TransportName = request.param
    return chosen


@pytest.fixture
async def room(cast: Cast) -> Room:
    return await Room.open(cast)
