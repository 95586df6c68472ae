"""uvicorn closes connections that do not finish the head of a request. daphne has its own timeout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.harness.backend import Deployment
from tests.harness.patience import patience
from tests.harness.servers import Server

HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half:"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.realtime.short_head_settings"}
    with Deployment.embedded(tmp_path_factory.mktemp("heads"), kind="uvicorn", **settings) as deployment:
        yield deployment.servers[0]


async def is_closed_after(server: Server, start: bytes) -> bool:
    """Return whether the server closes a connection that sends `start`, and then single bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(start)
    try:
        async with asyncio.timeout(patience(6)):
            while True:
                writer.write(b"x" if start else b"")
                try:
                    async with asyncio.timeout(0.5):
                        if not await reader.read(4096):
                            return True
                except TimeoutError:
                    continue
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    finally:
        writer.close()


@pytest.mark.parametrize(
    "start", [b"", b"GE", HALF, WHOLE + HALF], ids=["silent", "method", "head", "second"]
)
async def test_a_half_sent_head_ends_the_connection(server: Server, start: bytes) -> None:
    assert await is_closed_after(server, start)


def test_requests_in_time_are_answered(server: Server) -> None:
    """The limit applies only to heads, so an answer may take longer."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=patience(15))) as connection:
        for _ in range(2):
            connection.request("GET", "/socket.io/?EIO=4&transport=polling")
            first = connection.getresponse()
            sid = json.loads(first.read()[1:])["sid"]
            connection.request("GET", f"/socket.io/?EIO=4&transport=polling&sid={sid}")
            poll = (
                connection.getresponse()
            )  # no client connects to the namespace, so the socket is closed after 5 s
            assert (poll.status, poll.read()) == (200, b"1")
