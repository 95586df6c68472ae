"""The client reads the four substitutes of standard close codes, and leaves every other code as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from business_chat_client.connection import Connection
from tests.client_python.server import ScriptedServer
from tests.harness.patience import patience
from tests.harness.rest import eventually

pytestmark = pytest.mark.standalone


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (3008, 1008),
        (3009, 1009),
        (3012, 1012),
        (3013, 1013),
        (3000, 3000),
        (3003, 3003),
        (3007, 3007),
        (4401, 4401),
    ],
)
async def test_substitutes_are_read_as_the_standard_codes(
    server: ScriptedServer, sent: int, read: int
) -> None:
    async with asyncio.timeout(patience(20)):
        connection = await Connection.open(
            server.url.replace("http", "ws", 1) + "/chat",
            {},
            pushed=lambda frame: None,
            lost=lambda connection: None,
            answer_within=5,
            trust_env=False,
        )

        async def is_accepted() -> bool:
            return bool(server.sockets)

        await eventually(is_accepted, "the server has the socket")
        await server.sockets[0].close(sent)
        assert await connection.over() == read
