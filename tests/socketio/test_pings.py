"""A client that answers no ping is closed within the ping interval and the time for an answer."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.harness.patience import patience
from tests.harness.websocket import dial
from tests.socketio.clients import Client, Poller, RawClient
from tests.socketio.server import Kind, Site

pytestmark = pytest.mark.standalone

PING, PONG = 0.5, 2.0


@pytest.fixture(scope="module")
def quick_site(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    seconds = {"PING_SECONDS": str(PING), "PONG_SECONDS": str(PONG)}
    with Site(kind, tmp_path_factory.mktemp("quick"), **seconds) as running:
        yield running


async def test_the_handshake_tells_the_times(quick_site: Site) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=patience(5)) as http:
        answer = await http.get(f"{quick_site.url}/socket.io/?EIO=4&transport=polling")
    handshake = json.loads(answer.text.removeprefix("0"))
    assert (handshake["pingInterval"], handshake["pingTimeout"]) == (500, 2000)
    assert handshake["upgrades"] == ["websocket"]


async def test_a_client_that_answers_is_asked_again(quick_site: Site) -> None:
    async with RawClient(quick_site) as raw:
        for _ in range(4):
            assert await raw.read() == "2"
            await raw.send("3")


async def test_a_websocket_that_does_not_answer_is_closed(quick_site: Site) -> None:
    async with Client(quick_site) as watcher, RawClient(quick_site) as raw:
        assert (await watcher.call("count_sessions"))["sessions"] == 2
        assert await raw.read() == "2"
        assert await raw.closed() is not None
        assert (await watcher.call("count_sessions"))["sessions"] == 1


async def test_a_peer_that_vanished_is_closed(quick_site: Site) -> None:
    """The peer reads nothing and closes nothing, and its kernel accepts no more, as after a network failure."""
    async with Client(quick_site) as watcher, asyncio.timeout(patience(20)):
        with socket.socket() as half_open:
            half_open.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            half_open.settimeout(patience(20))
            half_open.connect(("127.0.0.1", quick_site.port))
            half_open.sendall(
                b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            # uvicorn loses a frame that arrives with the request, and a client has to wait anyway.
            answer = await asyncio.to_thread(half_open.recv, 1024)
            assert answer.startswith(b"HTTP/1.1 101"), answer
            connect_packet = b'40/chat,{"token":"user:gone"}'
            half_open.sendall(b"\x81" + bytes([0x80 | len(connect_packet)]) + bytes(4) + connect_packet)
            while (await watcher.call("count_sessions"))["sessions"] < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await watcher.call("broadcast", {"text": "x" * 60_000, "count": 20})
            while (await watcher.call("count_sessions"))["sessions"] > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_a_poller_that_does_not_answer_is_closed(quick_site: Site) -> None:
    async with Poller(quick_site) as poller:
        await poller.join()
        await poller.until(lambda texts: "2" in texts.split("\x1e"))
        await poller.until(lambda texts: "1" in texts.split("\x1e"))
        assert (await poller.get()).status_code == 400


async def test_a_poller_that_was_away_too_long_has_no_session(quick_site: Site) -> None:
    async with Poller(quick_site) as poller:
        await poller.join()
        await asyncio.sleep(PING + PONG + 0.2)
        assert (await poller.get()).status_code == 400


UNSOUND = [
    "",
    "?EIO=4",
    "?EIO=4&transport=polling",
    "?transport=websocket",
    "?EIO=3&transport=websocket",
    "?EIO=4&transport=websocket&sid=unknown",
]


@pytest.mark.parametrize("query", UNSOUND)
async def test_a_websocket_to_no_transport_is_refused(site: Site, query: str) -> None:
    address = f"ws://127.0.0.1:{site.port}/socket.io/{query}"
    with pytest.raises(InvalidStatus) as refused:
        await dial(address)
    assert refused.value.response.status_code in {400, 403}
