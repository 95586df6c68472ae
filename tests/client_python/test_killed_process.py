"""A server process dies with kill -9 while people talk. Nothing is lost, repeated or out of order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from business_chat_client import Conversation, Resumed
from tests.client_python.conftest import Connect
from tests.client_python.watching import Watch, agrees, watching
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.patience import patience
from tests.harness.servers import Server

pytestmark = pytest.mark.fleet

EACH = 60  # messages of one side
KILL_AFTER = 20


@pytest.fixture
async def killed(services: Deployment) -> AsyncIterator[Server]:
    """Kill the process that the customer is connected to, and start it again afterwards."""
    server = services.server(0)
    yield server
    server.kill9()
    server.start()


async def talk(conversation: Conversation, who: str, kill: Server | None = None) -> list[str]:
    """Send one message after the other, and return their ids in order."""
    ids = []
    for number in range(EACH):
        if kill is not None and number == KILL_AFTER:
            kill.kill9()
        ids.append((await conversation.send(f"{who}{number}")).id)
    return ids


async def test_both_sides_go_on(
    services: Deployment, services_cast: Cast, connect: Connect, killed: Server
) -> None:
    customer = await services_cast.newcomer()
    carol = await connect(customer, services, heartbeat=4)
    olivia = await connect(services_cast.olivia, services, heartbeat=4)
    details = await carol.open_conversation(services_cast.business_id)
    mine, theirs = await carol.join(details.id, history=None), await olivia.join(details.id, history=None)
    resumed = carol.events()

    with watching(mine, theirs) as watches:
        async with asyncio.timeout(patience(90)):
            spoken = await asyncio.gather(talk(mine, "c", killed), talk(theirs, "o"))
            assert carol.url != killed.url
            async for event in resumed:
                if isinstance(event, Resumed):
                    break
        fresh = await agrees(theirs, services_cast.olivia.rest_on(1), within=30)
        await agrees(mine, customer.rest_on(1), within=30)

        stored = [row["id"] for row in fresh.ordered()]
        assert [row["seq"] for row in fresh.ordered()] == list(range(1, 2 * EACH + 1))
        for ids in spoken:
            assert [message_id for message_id in stored if message_id in ids] == ids
        for watch in watches:
            assert_each_once(watch, stored)


def assert_each_once(watch: Watch, stored: list[str]) -> None:
    assert [message.id for message in watch.arrived] == stored


async def test_many_sends_under_way_are_all_repeated(
    services: Deployment, services_cast: Cast, connect: Connect
) -> None:
    """Sends into many conversations are unanswered when the process dies."""
    olivia = await connect(services_cast.olivia, services, heartbeat=4)
    client = await connect(services_cast.amir, services, heartbeat=4)
    rooms = []
    for _ in range(6):
        details = await services_cast.conversation(await services_cast.newcomer())
        rooms.append(await client.join(details["id"]))
    services.server(services_cast.amir.home).kill9()
    try:
        async with asyncio.timeout(patience(60)):
            sent = await asyncio.gather(
                *(room.send(f"to {number} {n}") for number, room in enumerate(rooms) for n in range(5))
            )
    finally:
        services.server(services_cast.amir.home).start()
    for number, room in enumerate(rooms):
        seen = await olivia.join(room.id, history=None)
        assert [message.content for message in seen.messages] == [f"to {number} {n}" for n in range(5)]
        assert [message.seq for message in sent[number * 5 : number * 5 + 5]] == [1, 2, 3, 4, 5]
