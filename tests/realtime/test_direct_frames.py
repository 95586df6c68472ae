"""Frames written directly to the server's socket follow RFC 6455. They are used only where this is possible."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import pytest
from daphne.ws_protocol import WebSocketProtocol
from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from chatsite.realtime.servers import daphne, uvicorn
from chatsite.realtime.servers.frames import encode_text_frames
from chatsite.realtime.servers.sockets import PlainSocket, server_socket


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_every_length_is_framed_as_a_client_reads_it(length: int) -> None:
    client = Protocol(CLIENT, state=OPEN, max_size=None)
    texts = [b"x" * length, b'{"event":"after"}']
    client.receive_data(encode_text_frames(texts))
    frames: Any = client.events_received()
    assert [(frame.opcode, frame.fin, bytes(frame.data)) for frame in frames] == [
        (Opcode.TEXT, True, text) for text in texts
    ]


def test_the_send_of_another_user_is_not_changed() -> None:
    async def send(message: dict[str, Any]) -> None: ...

    assert isinstance(server_socket(send), PlainSocket)


async def nothing_runs(scope: Any, receive: Any, send: Any) -> None: ...


async def test_uvicorns_own_send_leads_to_its_socket() -> None:
    """If the server's internals change, everything still works, at half the speed. This test shows it."""
    protocol: Any = WebSocketsSansIOProtocol(Config(nothing_runs), ServerState(), {})
    written: list[bytes] = []
    protocol.transport = SimpleNamespace(write=written.append)
    socket = uvicorn.find_socket(protocol.send)
    assert socket is not None
    assert not socket.write_now([b"before the handshake"])
    protocol.handshake_complete = True
    assert socket.write_now([b"a", b"b"])
    protocol.writable.clear()
    assert not socket.write_now([b"too much already"])
    assert written == [b"\x81\x01a\x81\x01b"]


async def test_daphnes_own_send_leads_to_its_socket() -> None:
    protocol: Any = WebSocketProtocol()
    written: list[bytes] = []
    producers: list[Any] = []
    protocol.transport = SimpleNamespace(
        write=written.append,
        unregisterProducer=producers.clear,
        registerProducer=lambda producer, streaming: producers.append(producer),
    )
    socket = daphne.find_socket(functools.partial(print, protocol))
    assert socket is not None
    protocol.state = protocol.STATE_CLOSING
    assert not socket.write_now([b"after the end"])
    protocol.state = protocol.STATE_OPEN
    assert socket.write_now([b"a", b"b"])
    producers[0].pauseProducing()
    assert not socket.write_now([b"too much already"])
    assert written == [b"\x81\x01a\x81\x01b"]
