"""What an open Socket.IO client keeps: nothing of its request, and none of the library's coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatsite.realtime.transports.socketio.server import ChatServer

pytestmark = pytest.mark.standalone


class Client:
    """A WebSocket below the server, as ASGI has it."""

    def __init__(self, server: ChatServer) -> None:
        self.arriving: asyncio.Queue[Any] = asyncio.Queue()
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": "/socket.io/",
            "query_string": b"EIO=4&transport=websocket",
            "headers": [(b"connection", b"Upgrade"), (b"upgrade", b"websocket"), (b"x-padding", b"much")],
        }
        self.scope: dict[str, Any] = dict(scope)
        self.arriving.put_nowait({"type": "websocket.connect"})
        self.serving = asyncio.ensure_future(
            server.handle_request(self.scope, self.arriving.get, self.sent.put)
        )

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            message: dict[str, Any] = await self.sent.get()
        return message

    def coroutines(self) -> list[str]:
        """Those that wait for its next message, outermost first."""
        waiting: Any = self.serving.get_coro()
        names = []
        while hasattr(waiting, "cr_code"):
            names.append(waiting.cr_code.co_qualname)
            waiting = waiting.cr_await
        return names


@pytest.fixture
async def server() -> ChatServer:
    server = ChatServer()
    server.eio.start_service_task = False
    return server


@pytest.fixture
async def client(server: ChatServer) -> AsyncIterator[Client]:
    client = Client(server)
    assert (await client.next())["type"] == "websocket.accept"
    assert (await client.next())["text"].startswith('0{"sid":')
    yield client
    client.serving.cancel()


async def test_the_librarys_coroutines_are_gone(client: Client) -> None:
    assert client.coroutines() == ["Engine.handle_request", "EngineWebSocket.serve", "Queue.get"]


async def test_the_request_is_let_go(server: ChatServer, client: Client) -> None:
    assert client.scope == {"type": "websocket", "path": "/socket.io/", "headers": []}
    assert list(server.environ.values()) == [{}]


@pytest.mark.parametrize("goodbye", ["websocket.disconnect", "1", "no packet"])
async def test_nothing_is_left_of_who_has_gone(server: ChatServer, client: Client, goodbye: str) -> None:
    packet = {"type": "websocket.receive", "text": goodbye}
    client.arriving.put_nowait(packet if goodbye != "websocket.disconnect" else {"type": goodbye})
    async with asyncio.timeout(5):
        await client.serving
    assert not server.eio.sockets
    assert not server.environ
    assert not server._connections
