"""What only the handshake needed is let go: an idle socket costs what it says, not what its headers said."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections import deque
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch

import pytest
from daphne.ws_protocol import WebSocketProtocol
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from chatsite.realtime.runtime import Runtime
from chatsite.realtime.servers.direct_write import DaphneSocket, direct_socket
from chatsite.realtime.servers.slimming import part_upgraded_requests
from chatsite.realtime.transports.websocket import ChatConsumer

pytestmark = pytest.mark.standalone

HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Padding: much\r\n\r\n"
)
EARLY, LATE = b"\x81\x80\x00\x00\x00\x00", b"\x81\x81\x00\x00\x00\x00a"  # texts "" and "a", masked with zeros


def uvicorns(application: Any) -> Any:
    """A connection whose handshake has been read; the application runs in the loop's next turn."""
    protocol = WebSocketsSansIOProtocol(Config(application, ws_per_message_deflate=False), ServerState(), {})
    protocol.connection_made(MagicMock(is_closing=lambda: False))
    protocol.data_received(HANDSHAKE)
    return protocol


async def test_uvicorn_lets_go_and_reads_on() -> None:
    received: list[Any] = []
    ended = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        protocol.data_received(EARLY)  # while nobody waits for it
        socket = direct_socket(send)
        assert socket is not None
        receive = socket.forget_handshake(receive)
        received.extend([await receive(), await receive(), await receive()])
        ended.set()

    protocol = uvicorns(application)
    await asyncio.sleep(0)
    assert protocol.request is protocol.response is None
    assert sys.getsizeof(protocol.__dict__) < 400  # 1,584 as it had grown
    assert sys.getsizeof(protocol.conn.__dict__) < 200
    protocol.data_received(LATE)
    await asyncio.sleep(0)
    protocol.connection_lost(None)
    await asyncio.wait_for(ended.wait(), 5)
    assert [message.get("text") for message in received] == ["", "a", None]


@pytest.mark.parametrize("part", [0, 1, 3, 6], ids="after {} bytes of a frame".format)
async def test_uvicorns_parser_begins_anew_between_two_frames_only(part: int) -> None:
    texts: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        protocol.data_received(EARLY + LATE[:part])
        before = protocol.conn.parser
        socket = direct_socket(send)
        assert socket is not None
        receive = socket.forget_handshake(receive)
        assert (protocol.conn.parser is not before) == (part == 0)
        protocol.data_received(LATE[part:])
        texts.extend([(await receive())["text"], (await receive())["text"]])

    protocol = uvicorns(application)
    await asyncio.wait_for(asyncio.gather(*protocol.tasks), 5)
    assert texts == ["", "a"]


async def test_uvicorn_stops_its_pings_where_the_engine_has_its_own() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        socket = direct_socket(send)
        assert socket is not None
        assert protocol.ping_timer is not None
        socket.stop_pings()
        receive = socket.forget_handshake(receive)
        await receive()

    protocol = uvicorns(application)
    await asyncio.sleep(0)
    assert protocol.ping_timer is None
    assert "ping_timer" not in protocol.__dict__
    protocol.connection_lost(None)


async def test_uvicorns_request_goes_where_a_websocket_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        HttpToolsProtocol, "handle_websocket_upgrade", HttpToolsProtocol.handle_websocket_upgrade
    )
    part_upgraded_requests()
    upgraded: list[Any] = []
    config = Config(MagicMock(), ws_per_message_deflate=False, ws="websockets-sansio")
    config.load()
    request = HttpToolsProtocol(config, ServerState(), {})
    request.connection_made(MagicMock(is_closing=lambda: False, set_protocol=upgraded.append))
    gone = weakref.ref(request)
    gc.disable()
    try:
        request.data_received(HANDSHAKE)
        request.transport.reset_mock()  # type: ignore[attr-defined]  # it has noted what it was called with
        del request
        assert gone() is None
    finally:
        gc.enable()
    assert isinstance(upgraded[0], WebSocketsSansIOProtocol)


async def test_the_consumer_lets_go_once_it_knows_who_it_is(runtime: Runtime) -> None:
    """Its first frame is to come, so nobody is there yet; the list of headers is the server's own."""
    headers = [(b"host", b"localhost"), (b"x-padding", b"much")]
    arriving: asyncio.Queue[Any] = asyncio.Queue()
    accepted = asyncio.Event()

    async def send(message: Any) -> None:
        accepted.set()

    with patch("chatsite.realtime.transports.websocket.get_runtime", AsyncMock(return_value=runtime)):
        scope = {"type": "websocket", "path": "/chat", "headers": headers, "query_string": b"ticket=a"}
        serving = asyncio.ensure_future(ChatConsumer.serve(scope, arriving.get, send))
        arriving.put_nowait({"type": "websocket.connect"})
        await accepted.wait()
        arriving.put_nowait({"type": "websocket.disconnect"})
        await serving
    assert headers == []
    assert scope == {"type": "websocket", "path": "/chat", "headers": []}


def daphnes() -> Any:
    connection: Any = WebSocketProtocol()
    connection.http_headers = {"x-padding": "much"}
    connection.http_request_data = HANDSHAKE
    connection.application_queue = asyncio.Queue()
    connection.send_queue = deque(["to be sent"])
    connection.current_frame, connection.inside_message = None, False
    return connection


async def test_daphne_lets_go_and_keeps_what_has_come() -> None:
    connection = daphnes()
    connection.application_queue.put_nowait("early")
    given = connection.application_queue.get  # as daphne hands it to the application
    receive = DaphneSocket(connection).forget_handshake(given)
    assert not connection.http_headers
    assert not connection.http_request_data
    assert "http_request_data" not in connection.__dict__
    assert connection.send_queue.popleft() == "to be sent"
    assert not vars(given.__self__)  # the applications around ours hold it
    connection.application_queue.put_nowait("late")
    assert [await receive(), await receive()] == ["early", "late"]


async def test_daphne_keeps_its_queue_where_an_application_around_ours_reads_it() -> None:
    connection = daphnes()
    connection.application_queue.put_nowait("early")
    own = connection.application_queue.get

    async def given() -> Any:
        return f"seen: {await own()}"

    receive = DaphneSocket(connection).forget_handshake(given)
    connection.application_queue.put_nowait("late")
    assert [await receive(), await receive()] == ["seen: early", "seen: late"]


@pytest.mark.parametrize(
    ("frame", "inside_message", "kept"), [(object(), True, True), (None, True, True), (None, False, False)]
)
async def test_daphne_keeps_what_the_rest_of_a_message_needs(
    frame: object, inside_message: bool, kept: bool
) -> None:
    connection = daphnes()
    connection.current_frame, connection.inside_message = frame, inside_message
    connection.utf8validateLast = (True, False, 1, 1)
    DaphneSocket(connection).forget_handshake(connection.application_queue.get)
    assert (connection.utf8validateLast is not None) == kept


async def test_daphne_keeps_its_options_once() -> None:
    """autobahn takes a class's options for its connections', and copies the factory's where the class has none."""
    kind = type("OneOfThisTest", (WebSocketProtocol,), {})
    first: Any = kind()
    first.application_queue, first.send_queue, first.http_headers = asyncio.Queue(), deque(), {}
    first.current_frame, first.inside_message = None, False
    first.factory = MagicMock(autoPingTimeout=7, perMessageCompressionAccept=lambda offers: None)
    for name in kind.CONFIG_ATTRS:  # type: ignore[attr-defined]  # as its `_connectionMade` does
        setattr(first, name, getattr(first.factory, name))
    first.autoPingTimeout, first.autoPingPending = 7, None
    DaphneSocket(first).forget_handshake(first.application_queue.get)
    assert not {"autoPingTimeout", "autoPingPending"} & first.__dict__.keys()
    second: Any = kind()
    assert first.autoPingTimeout == second.autoPingTimeout == 7
    first.autoPingPending = b"ping"
    assert (first.autoPingPending, second.autoPingPending) == (b"ping", None)
    # It is asked in a handshake alone; were it None in the class, the next one would ask that.
    assert not hasattr(second, "perMessageCompressionAccept")


@pytest.mark.parametrize(("state", "gone"), [("STATE_OPEN", False), ("STATE_CLOSED", True)])
async def test_daphne_tells_who_has_gone(state: str, gone: bool) -> None:
    connection: Any = WebSocketProtocol()
    connection.state = getattr(connection, state)
    assert DaphneSocket(connection).is_gone is gone
