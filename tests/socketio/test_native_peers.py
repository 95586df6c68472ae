"""Native sockets whose peer has vanished or breaks the protocol, on both servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from tests.harness.patience import patience
from tests.harness.plain_asgi import DROPPED, code_of_unreadable, seen_code
from tests.socketio.clients import Client
from tests.socketio.server import Kind, Site

pytestmark = pytest.mark.standalone

PINGS: Final = {
    "uvicorn": ["--ws-ping-interval", "1", "--ws-ping-timeout", "1"],
    "daphne": ["--ping-interval", "1", "--ping-timeout", "1"],
}
HANDSHAKE: Final = (
    b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
MASK: Final = bytes(4)
AUTHENTICATE: Final = b'{"event":"authenticate","data":{"token":"user:gone"}}'
BROKEN: Final = {
    1002: b"\x83\x80" + MASK,  # an opcode that is reserved
    1007: b"\x81\x82" + MASK + b"\xff\xff",
}


class QuickPings(Site):
    def _command(self) -> list[str]:
        return [*super()._command(), *PINGS[self.kind]]


@pytest.fixture(scope="module")
def quick_site(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with QuickPings(kind, tmp_path_factory.mktemp("native")) as running:
        yield running


@asynccontextmanager
async def raw_socket(site: Site) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A WebSocket that answers nothing by itself, not even pings."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    try:
        writer.write(HANDSHAKE)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), patience(5))
        assert answer.startswith(b"HTTP/1.1 101"), answer
        yield reader, writer
    finally:
        writer.close()


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(patience(5)):
        first, length = await reader.readexactly(2)
        if length == 126:
            length = int.from_bytes(await reader.readexactly(2))
        return first & 0x0F, await reader.readexactly(length)


async def close_code(reader: asyncio.StreamReader) -> int:
    """Return the code of the close frame, or `DROPPED` if the connection ends without one."""
    try:
        while True:
            opcode, payload = await read_frame(reader)
            if opcode == 8:
                return int.from_bytes(payload[:2])
    except (ConnectionResetError, asyncio.IncompleteReadError):
        return DROPPED


async def wait_for_sessions(watcher: Client, count: int) -> None:
    async with asyncio.timeout(patience(15)):
        while (await watcher.call("count_sessions"))["sessions"] != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_peer_that_answers_no_ping_is_gone(quick_site: Site) -> None:
    async with Client(quick_site) as watcher, raw_socket(quick_site) as (_, writer):
        writer.write(b"\x81" + bytes([0x80 | len(AUTHENTICATE)]) + MASK + AUTHENTICATE)
        await wait_for_sessions(watcher, 2)
        await wait_for_sessions(watcher, 1)


@pytest.mark.parametrize("code", BROKEN)
async def test_a_broken_frame_closes_with_its_code(site: Site, code: int) -> None:
    async with raw_socket(site) as (reader, writer):
        writer.write(BROKEN[code])
        assert await close_code(reader) == code_of_unreadable(site.kind, code)


async def test_a_frame_over_the_limit_closes_with_1009(site: Site) -> None:
    async with raw_socket(site) as (reader, writer):
        writer.write(b"\x81\xff" + (70_000).to_bytes(8) + MASK + b"x" * 70_000)
        assert await close_code(reader) == seen_code(site.kind, 1009)
