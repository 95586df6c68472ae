"""What the official Engine.IO protocol suite asserts about long polling and the upgrade."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.harness.patience import patience
from tests.harness.plain_asgi import seen_code
from tests.harness.websocket import dial
from tests.socketio.clients import Poller, RawClient
from tests.socketio.server import Site

pytestmark = pytest.mark.standalone


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("GET", "transport=polling", 5),
        ("GET", "EIO=abc&transport=polling", 5),
        ("GET", "EIO=3&transport=polling", 5),
        ("GET", "EIO=4", 0),
        ("GET", "EIO=4&transport=abc", 0),
        ("GET", "EIO=4&transport=websocket", 0),
        ("POST", "EIO=4&transport=polling", 2),
        ("PUT", "EIO=4&transport=polling", 2),
        ("DELETE", "EIO=4&transport=polling", 2),
        ("GET", "EIO=4&transport=polling&sid=unknown", 1),
    ],
)
async def test_a_bad_handshake_is_400(site: Site, method: str, query: str, code: int) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=patience(5)) as http:
        answer = await http.request(method, f"{site.url}/socket.io/?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == code


async def test_other_methods_are_400_in_a_session_too(site: Site) -> None:
    async with Poller(site) as poller, httpx.AsyncClient(trust_env=False, timeout=patience(5)) as http:
        address = f"{site.url}/socket.io/?EIO=4&transport=polling&sid={poller.sid}"
        assert [(await http.request(method, address)).status_code for method in ("PUT", "DELETE")] == [
            400,
            400,
        ]


async def test_a_post_is_answered_ok(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        answer = await poller.post("3")
        assert (answer.status_code, answer.text) == (200, "ok")


async def test_a_second_concurrent_poll_closes(site: Site) -> None:
    async with Poller(site) as poller:
        if "greeting" not in await poller.join():
            await poller.until(lambda texts: "greeting" in texts)
        answers = await asyncio.gather(poller.get(), poller.get())
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        assert [answer.text for answer in answers if answer.status_code == 200] == ["1"]
        assert (await poller.get()).status_code == 400


async def test_a_client_that_closes_gets_its_poll_back(site: Site) -> None:
    async with Poller(site) as poller:
        if "greeting" not in await poller.join():
            await poller.until(lambda texts: "greeting" in texts)
        waiting = asyncio.create_task(poller.get())
        for _ in range(5):
            await poller.post("3")  # meanwhile the poll has arrived
        await poller.post("1")
        assert (await waiting).text == "6"
        assert (await poller.get()).status_code == 400


async def test_after_the_upgrade_only_the_websocket_has_the_session(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        address = f"{site.websocket_url}&sid={poller.sid}"
        async with dial(address) as upgrade:
            await upgrade.send("2probe")
            assert await upgrade.recv() == "3probe"
            await upgrade.send("5")
            await upgrade.send('42/chat,1["echo",{"text":"on"}]')
            assert await asyncio.wait_for(upgrade.recv(), patience(5)) == '43/chat,1[{"text":"on"}]'
            assert (await poller.get()).status_code == 400
            async with dial(address) as second:
                await asyncio.wait_for(second.wait_closed(), patience(5))
                assert second.close_code == seen_code(site.kind, 1002)
            await upgrade.send('42/chat,2["echo",{"text":"still"}]')
            assert await upgrade.recv() == '43/chat,2[{"text":"still"}]'


async def test_a_poll_waits_for_the_end_of_an_upgrade(site: Site) -> None:
    async with (
        Poller(site) as poller,
        dial(f"{site.websocket_url}&sid={poller.sid}") as upgrade,
    ):
        await upgrade.send("2probe")
        assert await upgrade.recv() == "3probe"
        assert (await poller.get()).text == "6"
        polled = asyncio.create_task(poller.get())
        await upgrade.send("5")
        assert (await polled).status_code == 400
        await upgrade.send("40/chat," + json.dumps({"token": "user:ann"}))
        assert str(await upgrade.recv()).startswith("40/chat,")


async def test_a_second_upgrade_is_closed_and_does_not_disturb_the_first(site: Site) -> None:
    async with Poller(site) as poller:
        address = f"{site.websocket_url}&sid={poller.sid}"
        async with dial(address) as first, dial(address) as second:
            await asyncio.wait_for(second.wait_closed(), patience(5))
            await first.send("2probe")
            assert await first.recv() == "3probe"


async def test_an_upgrade_of_an_unknown_session_is_refused(site: Site) -> None:
    with pytest.raises(InvalidStatus):
        await dial(f"{site.websocket_url}&sid=unknown")


async def test_a_probe_must_be_one(site: Site) -> None:
    async with (
        Poller(site) as poller,
        dial(f"{site.websocket_url}&sid={poller.sid}") as upgrade,
    ):
        await upgrade.send("2")
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(upgrade.recv(), patience(5))


async def test_a_client_may_close_the_websocket(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send("1")
        assert await raw.closed() == 1000


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_binary_message_is_an_error(site: Site, transport: str) -> None:
    if transport == "websocket":
        async with RawClient(site) as raw:
            await raw.send(b"\x01\x02")
            text = await raw.read()
    else:
        async with Poller(site) as poller:
            await poller.join()
            await poller.post("bAQI=")
            text = await poller.until(lambda texts: '"error"' in texts)
    event = json.loads(text.removeprefix("42/chat,"))
    assert (event[0], event[1]["code"]) == ("error", "invalid")
