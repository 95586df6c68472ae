"""A launcher may import the application before the server, and the process still finds the server's own sockets."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pytest_django import Settings

from chatsite.realtime.servers import sockets
from tests.realtime.test_unused_servers import run

pytestmark = pytest.mark.standalone

FIRST_EVENT = """
import asyncio
async def receive(): return {"type": "lifespan.shutdown"}
async def send(message): ...
asyncio.run(chatsite.asgi.application({"type": "lifespan"}, receive, send))
"""
UVICORN = """
import chatsite.asgi
from chatsite.realtime.servers.sockets import server_socket
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

async def serve(scope, receive, send):
    protocol = WebSocketsSansIOProtocol(Config(serve), ServerState(), {})
    print(type(server_socket(protocol.send)).__name__)
"""
DAPHNE = """
import chatsite.asgi
import functools
from daphne.ws_protocol import WebSocketProtocol
from chatsite.realtime.servers.sockets import server_socket
print(type(server_socket(functools.partial(print, WebSocketProtocol()))).__name__)
"""


def test_uvicorn_is_found() -> None:
    found = run("-c", f"{UVICORN}import asyncio\nasyncio.run(serve(None, None, None))")
    assert found.split() == ["UvicornSocket"]


def test_daphne_is_found() -> None:
    assert run("-c", DAPHNE).split() == ["DaphneSocket"]


def test_uvicorn_limits_the_heads_of_requests() -> None:
    found = run("-c", f"{UVICORN}{FIRST_EVENT}print(HttpToolsProtocol.connection_made.__module__)")
    assert found.split() == ["chatsite.realtime.servers.uvicorn_requests"]


def test_daphne_logs_no_query_strings() -> None:
    program = f"import chatsite.asgi, daphne.access\n{FIRST_EVENT}"
    program += "print(daphne.access.AccessLogGenerator.__call__.__module__)"
    assert run("-c", program).split() == ["chatsite.realtime.servers.daphne"]


def test_one_warning_says_that_no_server_made_the_sockets(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def send(message: Any) -> None: ...

    settings.PLAIN_ASGI = False
    sockets._warn_of_unknown_send.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert isinstance(sockets.server_socket(send), sockets.PlainSocket)
    [record] = [record for record in caplog.records if record.name == sockets.__name__]
    assert "send" in record.getMessage()
    settings.PLAIN_ASGI = True
    sockets._warn_of_unknown_send.cache_clear()
    caplog.clear()
    sockets.server_socket(send)
    assert caplog.records == []
