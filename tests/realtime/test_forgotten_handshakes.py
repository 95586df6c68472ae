"""What only the handshake needed is let go: an idle socket costs what it says, not what its headers said."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch

import pytest
from daphne.ws_protocol import WebSocketProtocol
from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from chatsite.realtime.consumers import ChatConsumer
from chatsite.realtime.runtime import Runtime
from chatsite.realtime.wire import DaphneSocket, direct_socket

pytestmark = pytest.mark.standalone

HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Padding: much\r\n\r\n"
)
EARLY, LATE = b"\x81\x80\x00\x00\x00\x00", b"\x81\x81\x00\x00\x00\x00a"  # texts "" and "a", masked with zeros


async def test_uvicorn_lets_go_and_reads_on() -> None:
    received: list[Any] = []
    ended = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        protocol.data_received(EARLY)  # while nobody waits for it
        socket = direct_socket(send)
        assert socket is not None
        socket.forget_handshake()
        received.extend([await receive(), await receive(), await receive()])
        ended.set()

    config = Config(application, ws_per_message_deflate=False)
    protocol: Any = WebSocketsSansIOProtocol(config, ServerState(), {})
    protocol.connection_made(MagicMock(is_closing=lambda: False))
    protocol.data_received(HANDSHAKE)
    await asyncio.sleep(0)
    assert not protocol.request.headers
    assert sys.getsizeof(protocol.__dict__) < 500  # 1,584 as it had grown
    assert not protocol.response.headers
    protocol.data_received(LATE)
    await asyncio.sleep(0)
    protocol.connection_lost(None)
    await asyncio.wait_for(ended.wait(), 5)
    assert [message.get("text") for message in received] == ["", "a", None]


async def test_the_consumer_lets_go_once_it_knows_who_it_is(runtime: Runtime) -> None:
    """Its first frame is to come, so nobody is there yet; the list of headers is the server's own."""
    headers = [(b"host", b"localhost"), (b"x-padding", b"much")]
    arriving: asyncio.Queue[Any] = asyncio.Queue()
    accepted = asyncio.Event()

    async def send(message: Any) -> None:
        accepted.set()

    with patch("chatsite.realtime.consumers.get_runtime", AsyncMock(return_value=runtime)):
        scope = {"type": "websocket", "path": "/chat", "headers": headers, "query_string": b"ticket=a"}
        serving = asyncio.ensure_future(ChatConsumer.serve(scope, arriving.get, send))
        arriving.put_nowait({"type": "websocket.connect"})
        await accepted.wait()
        arriving.put_nowait({"type": "websocket.disconnect"})
        await serving
    assert headers == []
    assert scope == {"type": "websocket", "path": "/chat", "headers": []}


async def test_daphne_lets_go_and_keeps_what_has_come() -> None:
    connection: Any = WebSocketProtocol()
    connection.http_headers = {"x-padding": "much"}
    connection.http_request_data = HANDSHAKE
    connection.application_queue = asyncio.Queue()
    connection.send_queue = deque(["to be sent"])
    connection.application_queue.put_nowait("early")
    receive = connection.application_queue.get  # as daphne hands it to the application
    socket = DaphneSocket(connection)
    socket.forget_handshake()
    assert not connection.http_headers
    assert not connection.http_request_data
    assert "http_request_data" not in connection.__dict__
    assert connection.send_queue.popleft() == "to be sent"
    connection.application_queue.put_nowait("late")
    assert [await receive(), await receive()] == ["early", "late"]


async def test_daphne_keeps_its_options_once() -> None:
    """autobahn takes a class's options for its connections', and copies the factory's where the class has none."""
    kind = type("OneOfThisTest", (WebSocketProtocol,), {})
    first: Any = kind()
    first.application_queue, first.send_queue, first.http_headers = asyncio.Queue(), deque(), {}
    first.factory = MagicMock(autoPingTimeout=7, perMessageCompressionAccept=lambda offers: None)
    for name in kind.CONFIG_ATTRS:  # type: ignore[attr-defined]  # as its `_connectionMade` does
        setattr(first, name, getattr(first.factory, name))
    first.autoPingTimeout, first.autoPingPending = 7, None
    DaphneSocket(first).forget_handshake()
    assert not {"autoPingTimeout", "autoPingPending"} & first.__dict__.keys()
    second: Any = kind()
    assert first.autoPingTimeout == second.autoPingTimeout == 7
    first.autoPingPending = b"ping"
    assert (first.autoPingPending, second.autoPingPending) == (b"ping", None)
    assert first.perMessageCompressionAccept([]) is None  # a function, and no method


@pytest.mark.parametrize(("state", "gone"), [("STATE_OPEN", False), ("STATE_CLOSED", True)])
async def test_daphne_tells_who_has_gone(state: str, gone: bool) -> None:
    connection: Any = WebSocketProtocol()
    connection.state = getattr(connection, state)
    assert DaphneSocket(connection).is_gone is gone
