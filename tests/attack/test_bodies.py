"""Request bodies that are too large, sent in every way that HTTP allows."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator

import httpx
import psutil
import pytest

from chatsite.config.limits import Limits
from tests.attack.conftest import SERVERS
from tests.conversations.rooms import Room
from tests.harness.patience import patience
from tests.harness.servers import Server

pytestmark = pytest.mark.fleet

MOST = Limits.request_bytes
MIB = 1024 * 1024


async def stream(total: int) -> AsyncIterator[bytes]:
    yield b'{"content": "'
    for _ in range(total // 65_536):
        yield b"x" * 65_536
    yield b'"}'


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
@pytest.mark.parametrize("way", ["declared", "chunked"])
async def test_a_body_over_the_limit(room: Room, kind: str, way: str) -> None:
    for number in SERVERS:
        server = room.cast.stage.deployment.server(number)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(30)) as http:
            headers = {"Content-Type": kind, "Authorization": f"Bearer {room.customer.access}"}
            content = b"x" * (MOST + 1) if way == "declared" else stream(2 * MOST)
            answer = await http.post(f"{room.path}/messages", content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large"), server.kind
        assert answer.json()["error"]["details"]["limit"] == MOST
    assert (await room.seen_by(room.customer))["lastSeq"] == 0


async def test_a_body_below_the_limit_is_read(room: Room) -> None:
    for number in SERVERS:
        async with room.customer.rest_on(number) as rest:
            padding = {"padding": "x" * (MOST - 1000)}
            sent = await rest.post(f"{room.path}/messages", {"content": f"hello {number}", **padding})
            assert sent["content"] == f"hello {number}"


async def test_a_flood_of_bytes_does_not_grow_the_process(room: Room) -> None:
    """The body has 64 MiB. The process must not hold it in memory."""
    for number in SERVERS:
        server = room.cast.stage.deployment.server(number)
        process = psutil.Process(server.pid)
        before = process.memory_info().rss
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(60)) as http:
            headers = {"Content-Type": "application/json"}
            try:
                answer = await http.post("/auth/token", content=stream(64 * MIB), headers=headers)
                assert answer.status_code == 413
            except httpx.TransportError:
                pass  # the answer came before the end of the body, and the connection closed
        if server.kind != "daphne":  # it passes on nothing before it has read everything; see SECURITY.md
            assert process.memory_info().rss - before < 24 * MIB


@pytest.mark.parametrize(
    "length", ["-1", "1e9", "99999999999999999999999999", "0x10", "18446744073709551616", "5, 6", "٣"]
)
async def test_lengths_that_are_none(room: Room, length: str) -> None:
    """The test writes these requests by hand, because no client library sends them.

    They are refused without a failure.
    """
    for number in SERVERS:
        server = room.cast.stage.deployment.server(number)
        answer = by_hand(
            server, f"POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{{}}"
        )
        assert not answer or answer.split()[1][:1] == "4", answer


async def test_two_lengths_smuggle_nothing(room: Room) -> None:
    """Two different lengths let a proxy and a server see different requests."""
    hidden = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    head = "POST /auth/token HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    requests = [
        f"{head}Content-Length: 0\r\nContent-Length: {len(hidden)}\r\n\r\n",
        f"{head}Content-Length: {len(hidden)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]
    for number in SERVERS:
        server = room.cast.stage.deployment.server(number)
        for request in requests:
            answer = by_hand(server, request + hidden)
            assert '"status": "ok"' not in answer, f"{server.kind}: {answer}"


def by_hand(server: Server, request: str) -> str:
    with socket.create_connection(("127.0.0.1", server.port), timeout=3) as connection:
        connection.sendall(request.encode())
        answer, end = b"", time.monotonic() + 1.5
        connection.settimeout(1.5)
        while time.monotonic() < end:
            try:
                part = connection.recv(65_536)
            except (TimeoutError, ConnectionResetError):
                break
            if not part:
                break
            answer += part
    return answer.decode("latin-1")
