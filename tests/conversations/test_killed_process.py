"""kill -9 of a server process while clients send."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.conversations.rooms import Room, seqs
from tests.harness.client import LiveClient, LiveClosed
from tests.harness.patience import patience
from tests.harness.rest import Json
from tests.harness.servers import Server

MANY = 400


async def send_until_killed(room: Room, client: LiveClient, server: Server) -> dict[str, str]:
    """Send MANY messages, and kill the process when a quarter is acked. Return the acked ids by client id."""
    acked: dict[str, str] = {}
    some = asyncio.Event()

    def note(call: asyncio.Task[Json]) -> None:
        if call.exception() is None:
            message = call.result()["message"]
            acked[message["clientId"]] = message["id"]
            if len(acked) >= MANY // 4:
                some.set()

    calls = [room.begin_send(client, f"m{number}", f"kill-{number}") for number in range(MANY)]
    for call in calls:
        call.add_done_callback(note)
    await asyncio.wait_for(some.wait(), patience(20))
    server.kill9()
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, (dict, LiveClosed)), outcome
    return acked


async def nothing_is_lost_or_doubled(room: Room, client: LiveClient, acked: dict[str, str]) -> None:
    """Send everything again with `client`, and check that each message is stored once."""
    calls = [room.begin_send(client, f"m{number}", f"kill-{number}") for number in range(MANY)]
    again = {ack["message"]["clientId"]: ack["message"]["id"] for ack in await asyncio.gather(*calls)}
    rest = room.olivia.rest
    history = sorted(await rest.pages(f"{room.path}/messages", limit=200), key=lambda row: row["seq"])
    stored = {message["clientId"]: message["id"] for message in history}
    assert acked.items() <= stored.items()
    assert again == stored
    assert max(Counter(message["clientId"] for message in history).values()) == 1
    assert seqs(history) == list(range(1, MANY + 1))


async def test_among_several_the_clients_go_on_through_another(fragile_services_room: Room) -> None:
    room = fragile_services_room
    deployment = room.cast.stage.deployment
    witness = await room.watch(room.olivia, 2)
    victim = await room.join(room.customer, 0)
    try:
        acked = await send_until_killed(room, victim, deployment.server(0))
        assert len(acked) >= MANY // 4
        await nothing_is_lost_or_doubled(room, await room.join(room.customer, 1), acked)
    finally:
        deployment.server(0).start()
    await resumed(witness.client, room, MANY)


async def resumed(client: LiveClient, room: Room, count: int) -> None:
    """Check that `sync` returns what the killed process committed and did not announce."""
    answer = await client.call("sync", {"conversations": {room.id: 0}})
    assert len(answer["conversations"][room.id]["messages"]) == count
    beat = await client.call("heartbeat")
    assert beat["conversations"][room.id]["rev"] == answer["conversations"][room.id]["conversation"]["rev"]


async def test_a_single_one_that_is_started_again(fragile_embedded_room: Room) -> None:
    room = fragile_embedded_room
    server = room.cast.stage.deployment.server(0)
    acked = await send_until_killed(room, await room.join(room.customer), server)
    server.start()
    await nothing_is_lost_or_doubled(room, await room.join(room.customer), acked)


async def test_whose_typist_stops_typing(fragile_services_room: Room) -> None:
    room = fragile_services_room
    server = room.cast.stage.deployment.server(0)
    typist, olivia = await room.join(room.customer, 0), await room.join(room.olivia, 1)
    await typist.call("typing_start", {"conversationId": room.id})
    await olivia.expect("user_typing", lambda data: data["isTyping"])
    server.kill9()
    try:
        await olivia.expect("user_typing", lambda data: not data["isTyping"], timeout=8)
    finally:
        server.start()
