"""Authentication, over every transport."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import pytest
from socketio.exceptions import ConnectionError as Refused

from tests.harness.patience import patience
from tests.harness.plain_asgi import seen_code
from tests.harness.websocket import dial
from tests.socketio.clients import Client, Poller, RawClient
from tests.socketio.server import Kind, Site

pytestmark = pytest.mark.standalone

TRANSPORTS = [("websocket",), ("polling",), ("polling", "websocket")]


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
async def test_commands_and_events_over_every_transport(site: Site, transports: tuple[str, ...]) -> None:
    async with Client(site, *transports) as ann:
        assert ann.socket.transport() == transports[-1]
        assert await ann.expect("greeting") == {"userId": "ann"}
        assert await ann.call("echo", {"text": "grüß 👋\x1e"}) == {"text": "grüß 👋\x1e"}
        await ann.call("broadcast", {"text": "hello", "count": 30})
        assert [(await ann.expect("announcement"))["number"] for _ in range(30)] == list(range(30))


async def test_a_ticket_opens_a_socket(site: Site) -> None:
    async with Client(site, auth={"ticket": "ticket:bob"}) as bob:
        assert await bob.expect("greeting") == {"userId": "bob"}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize(
    "auth",
    [
        {},
        {"token": "stale"},
        {"token": ""},
        {"token": 7},
        {"token": None},
        {"ticket": ["x"]},
        "user:ann",
        [1],
    ],
)
async def test_bad_credentials_are_a_connect_error(site: Site, auth: Any, transport: str) -> None:
    client = Client(site, transport, auth=auth)
    with pytest.raises(Refused):
        await client.open()
    [refusal] = client.refusals
    assert refusal["data"]["code"] == "unauthenticated"
    assert refusal["message"] == refusal["data"]["message"]
    await client.socket.disconnect()


@pytest.mark.parametrize(
    ("packet", "start"), [("40", "44"), ("40/other,{}", "44/other,"), ("40/other", "44/other,")]
)
async def test_other_namespaces_are_refused_with_a_hint(site: Site, packet: str, start: str) -> None:
    async with RawClient(site, token=None) as raw:
        await raw.send(packet)
        answer = await raw.read()
    assert answer.startswith(start)
    error = json.loads(answer.removeprefix(start))
    assert error == {
        "message": "Invalid namespace",
        "data": {"code": "not_found", "message": "Connect to the namespace /chat."},
    }


async def test_a_database_that_is_away_closes_the_transport_so_that_the_client_retries(site: Site) -> None:
    async with RawClient(site, token=None) as raw:
        await raw.send('40/chat,{"token":"down"}')
        assert await raw.closed() == seen_code(site.kind, 1013)


async def test_a_second_connect_is_refused_and_the_first_goes_on(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send('40/chat,{"token":"user:bob"}')
        assert (await raw.read()).startswith("44/chat,")
        await raw.send('42/chat,1["echo",{"text":"still here"}]')
        assert await raw.read() == '43/chat,1[{"text":"still here"}]'


async def test_a_client_may_leave_the_namespace_and_come_back(site: Site) -> None:
    async with RawClient(site) as raw:
        await raw.send("41/chat,")
        await raw.send('40/chat,{"token":"user:bob"}')
        assert (await raw.read()).startswith('40/chat,{"sid":')
        assert await raw.read() == '42/chat,["greeting",{"userId":"bob"}]'


async def test_a_client_that_does_not_connect_in_time_is_closed(kind: Kind, tmp_path: Any) -> None:
    with Site(kind, tmp_path, AUTHENTICATE_SECONDS="0.3") as site:
        async with RawClient(site, token=None) as raw:
            assert await raw.closed() == 4401
        async with Poller(site) as poller:
            assert (await poller.get()).text == "1"
            assert (await poller.get()).status_code == 400


async def test_guessing_tokens_on_one_connection_ends(site: Site) -> None:
    async with RawClient(site, token=None) as raw:
        for number in range(11):
            await raw.send(f'40/chat,{{"token":"guess {number}"}}')
        assert await raw.closed() == seen_code(site.kind, 1008)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_session_ends_with_its_connection(site: Site, transport: str) -> None:
    async with Client(site, "websocket") as watcher:
        before = (await watcher.call("count_sessions"))["sessions"]
        async with Client(site, transport):
            assert (await watcher.call("count_sessions"))["sessions"] == before + 1
        deadline = time.monotonic() + patience(5)
        while (await watcher.call("count_sessions"))["sessions"] != before:
            assert time.monotonic() < deadline


async def test_no_event_is_lost_or_reordered_by_the_upgrade(site: Site) -> None:
    """Some events come before the probe, some between probe and upgrade, some after."""

    async def speak(start: int) -> None:
        for number in range(start, start + 40):
            await speaker.call("broadcast", {"text": f"number {number}."})

    async with Client(site) as speaker, Poller(site) as poller:
        await poller.join()
        polled = asyncio.create_task(poller.drain())
        await speak(0)
        async with dial(f"{site.websocket_url}&sid={poller.sid}") as upgrade:
            await upgrade.send("2probe")
            assert await upgrade.recv() == "3probe"
            texts = await polled  # the upgrade ends the polling
            await speak(40)
            await upgrade.send("5")
            await speak(80)
            while "number 119." not in texts:
                texts += str(await asyncio.wait_for(upgrade.recv(), patience(5)))
    assert re.findall(r"number (\d+)\.", texts) == [str(number) for number in range(120)]


async def test_a_lost_upgrade_leaves_polling_usable(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        async with dial(f"{site.websocket_url}&sid={poller.sid}") as upgrade:
            await upgrade.send("2probe")
            assert await upgrade.recv() == "3probe"
        await poller.post('42/chat,1["echo",{"text":"still polling"}]')
        deadline = time.monotonic() + patience(5)
        while "still polling" not in (await poller.get()).text:
            assert time.monotonic() < deadline
