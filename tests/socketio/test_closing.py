"""The server closes the namespace for missing credentials, and the transport for everything else."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.plain_asgi import seen_code
from tests.socketio.clients import Client, Poller, RawClient
from tests.socketio.server import Site

pytestmark = pytest.mark.standalone

TRANSPORT_CODES = [1008, 1009, 1013, 4008, 4403]


@pytest.mark.parametrize("code", TRANSPORT_CODES)
async def test_the_transport_closes_with_the_code(site: Site, code: int) -> None:
    async with RawClient(site) as raw:
        await raw.send(f'42/chat,["close_me",{{"code":{code},"reason":"because"}}]')
        assert await raw.closed() == seen_code(site.kind, code)
        if site.kind == "uvicorn":
            assert raw.socket.close_reason == "because"


async def test_queued_frames_come_before_the_close(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send('42/chat,1["echo",{"text":"first"}]')
        await raw.send('42/chat,2["close_me",{"code":4403}]')
        assert await raw.read() == '43/chat,1[{"text":"first"}]'
        assert await raw.closed() == 4403


async def test_lost_credentials_say_so_and_disconnect_the_namespace(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send('42/chat,["close_me",{"code":4401,"reason":"signed out"}]')
        assert await raw.read() == '42/chat,["error",{"code":"unauthenticated","message":"signed out"}]'
        assert await raw.read() == "41/chat,"
        assert await raw.closed() == 4401  # it stays without a session


async def test_after_lost_credentials_a_fresh_token_connects_again(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send('42/chat,["close_me",{"code":4401}]')
        await raw.read()
        await raw.read()
        await raw.send('40/chat,{"token":"user:ann"}')
        assert (await raw.read()).startswith('40/chat,{"sid":')


async def test_a_polling_client_gets_a_close_packet(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        waiting = asyncio.create_task(poller.get())
        await asyncio.sleep(0.1)
        await poller.post('42/chat,["close_me",{"code":4403}]')
        assert (await waiting).text == "1"
        assert (await poller.get()).status_code == 400


async def test_a_polling_client_gets_what_was_queued_before_the_close(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        await poller.post('42/chat,1["echo",{"text":"first"}]\x1e42/chat,["close_me",{"code":4403}]')
        brought = await poller.until(lambda texts: texts.endswith("1"))  # in one poll, or in two
        assert brought.replace("\x1e", "") == '43/chat,1[{"text":"first"}]1'


@pytest.mark.parametrize("code", [4401, 4403])
async def test_the_session_is_gone_at_once(site: Site, code: int) -> None:
    async with Client(site) as watcher:
        before = (await watcher.call("count_sessions"))["sessions"]
        async with RawClient(site) as raw:
            await raw.send(f'42/chat,["close_me",{{"code":{code}}}]')
            if code == 4401:
                await raw.read()
                await raw.read()
            else:
                await raw.closed()
            assert (await watcher.call("count_sessions"))["sessions"] == before
