"""Size, rate, and clients that stop reading."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsite.config.limits import Limits
from tests.harness.plain_asgi import has_back_pressure, seen_code
from tests.socketio.clients import Client, Poller, RawClient
from tests.socketio.server import Kind, Site
from tests.socketio.test_native_peers import wait_for_sessions

pytestmark = pytest.mark.standalone

MOST = Limits.frame_bytes


def _echo_of(size: int, letter: str = "x") -> str:
    """Return an Engine.IO text whose Socket.IO packet has this number of bytes."""
    head, tail = '2/chat,1["echo",{"text":"', '"}]'
    room = size - len(head) - len(tail)
    return "4" + head + letter * (room // len(letter.encode())) + tail


async def test_the_largest_frame_is_taken_and_a_larger_one_closes(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send(_echo_of(MOST))
        assert (await raw.read()).startswith("43/chat,1[")
        await raw.send(_echo_of(MOST + 1))
        assert await raw.closed() == seen_code(site.kind, 1009)


async def test_bytes_count_and_not_characters(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send(_echo_of(MOST + 100, "ä"))
        assert await raw.closed() == seen_code(site.kind, 1009)


async def test_a_large_frame_before_the_connect_closes(site: Site) -> None:
    async with RawClient(site, token=None) as raw:
        await raw.send('40/chat,{"token":"' + "x" * MOST + '"}')
        assert await raw.closed() == seen_code(site.kind, 1008)


async def test_a_large_attachment_closes(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send(b"x" * (MOST + 1))
        assert await raw.closed() == seen_code(site.kind, 1009)


async def test_a_large_post_closes_the_polling_client(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        assert (await poller.post(_echo_of(MOST + 1))).status_code == 400
        assert (await poller.get()).status_code == 400


async def test_a_body_may_hold_several_frames(site: Site) -> None:
    """Clients before 4.5 put everything that waits into one body, however large."""
    async with Poller(site) as poller:
        await poller.join()
        body = "\x1e".join(_echo_of(30_000).replace("/chat,1[", f"/chat,{number}[") for number in range(8))
        assert (await poller.post(body)).status_code == 200
        await poller.until(lambda texts: texts.count("43/chat,") >= 8)


async def test_a_body_has_a_limit_too(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        assert (await poller.post("\x1e".join([_echo_of(60_000)] * 18))).status_code == 400
        assert (await poller.get()).status_code == 400


@pytest.fixture(scope="module")
def strict_site(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    limits = {"FRAMES_BURST": "10", "FRAMES_PER_SECOND": "0.01", "FLOOD_STRIKES": "20"}
    with Site(kind, tmp_path_factory.mktemp("strict"), **limits) as running:
        yield running


async def test_a_flood_gets_rate_limited_and_then_closed(strict_site: Site) -> None:
    async with RawClient(strict_site) as raw:
        for _ in range(40):
            await raw.send('42/chat,["echo",{}]')
        frames = await raw.rest()
    assert raw.socket.close_code == seen_code(raw.site.kind, 1008)
    assert len(frames) == 20
    assert all(frame.startswith('42/chat,["error",{"code":"rate_limited"') for frame in frames)


async def test_attachments_count_as_frames(strict_site: Site) -> None:
    async with RawClient(strict_site) as raw:
        for _ in range(40):
            await raw.send(b"x")
        await raw.rest()
    assert raw.socket.close_code == seen_code(raw.site.kind, 1008)


async def _speak(speaker: Client, sessions: int, *, text: str, count: int, turns: int) -> None:
    """Broadcast until only this number of sessions is left."""
    for _ in range(turns):
        await speaker.call("broadcast", {"text": text, "count": count})
        if (await speaker.call("count_sessions"))["sessions"] == sessions:
            return
        await asyncio.sleep(0.02)
    pytest.fail("the slow reader is still there")


async def test_a_client_that_does_not_poll_is_closed(kind: Kind, tmp_path: Path) -> None:
    with Site(kind, tmp_path, QUEUE_FRAMES="500") as site:
        async with Client(site) as speaker, Poller(site) as poller:
            await poller.join()
            await _speak(speaker, 1, text="x", count=100, turns=30)
            assert (await speaker.call("echo", {"text": "on"})) == {"text": "on"}


async def test_a_slow_websocket_is_let_go(kind: Kind, tmp_path: Path) -> None:
    pings = {} if has_back_pressure(kind) else {"PING_SECONDS": "1", "PONG_SECONDS": "1"}
    with Site(kind, tmp_path, **pings) as site:
        async with Client(site) as speaker, RawClient(site, max_queue=1):
            if has_back_pressure(kind):
                await _speak(speaker, 1, text="x" * 60_000, count=20, turns=60)
            else:  # the server notices that the reader answers no ping
                await speaker.call("broadcast", {"text": "x" * 60_000, "count": 100})
                await wait_for_sessions(speaker, 1)
            assert (await speaker.call("echo", {"text": "on"})) == {"text": "on"}
