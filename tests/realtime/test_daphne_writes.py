"""On daphne, data that the kernel accepts is sent at once, and all data in order, however much it accepts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from twisted.internet.tcp import Connection

from chatsite.realtime.servers.daphne import write_at_once

pytestmark = pytest.mark.standalone


@pytest.fixture
def ends() -> Iterator[tuple[Any, socket.socket]]:
    """Return a Twisted connection whose reactor runs only when a test runs it, and the client at its other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        theirs.setblocking(False)
        connection: Any = Connection(ours, MagicMock(), MagicMock())
        connection.connected = 1
        yield connection, theirs


def everything(theirs: socket.socket, connection: Any) -> bytes:
    """Return what arrives while the reactor writes as much as it can."""
    got = b""
    connection.reactor.removeWriter.reset_mock()
    while True:
        try:
            got += theirs.recv(65_536)
        except BlockingIOError:
            if connection.reactor.removeWriter.called:  # Twisted has nothing left to write
                return got
            connection.doWrite()


def test_it_has_gone_before_the_reactor_was_asked(ends: tuple[Any, socket.socket]) -> None:
    connection, theirs = ends
    write_at_once(connection, b"frame")
    assert theirs.recv(100) == b"frame"
    connection.reactor.addWriter.assert_not_called()


def test_frames_that_the_kernel_refuses_follow_in_order(ends: tuple[Any, socket.socket]) -> None:
    connection, theirs = ends
    texts = [bytes([letter]) * 30_000 for letter in b"abcdef"]
    for text in texts:
        write_at_once(connection, text)
    connection.reactor.addWriter.assert_called()
    assert everything(theirs, connection) == b"".join(texts)
    write_at_once(connection, b"again at once")
    assert theirs.recv(100) == b"again at once"


def test_waiting_conversations_come_first(ends: tuple[Any, socket.socket]) -> None:
    connection, theirs = ends
    connection.write(b"handshake,")
    write_at_once(connection, b"frame")
    assert everything(theirs, connection) == b"handshake,frame"


def test_a_lost_connection_is_left_to_twisted(ends: tuple[Any, socket.socket]) -> None:
    connection, theirs = ends
    theirs.close()
    write_at_once(connection, b"frame")
    connection.reactor.addWriter.assert_called_once_with(connection)  # it will fail to write, and close
    connection.connected = 0
    write_at_once(connection, b"another")
    connection.reactor.addWriter.assert_called_once_with(connection)


@pytest.mark.parametrize("change", [{"TLS": True}, {"disconnecting": True}])
def test_tls_and_goodbyes_are_left_to_twisted(
    ends: tuple[Any, socket.socket], change: dict[str, bool]
) -> None:
    connection, _ = ends
    connection.write = MagicMock()
    for name, value in change.items():
        setattr(connection, name, value)
    write_at_once(connection, b"frame")
    connection.write.assert_called_once_with(b"frame")


def test_another_transport_is_written_to_as_ever() -> None:
    written: list[bytes] = []
    write_at_once(SimpleNamespace(write=written.append), b"frame")
    assert written == [b"frame"]
