"""PostgreSQL stops and starts again."""

from __future__ import annotations

import asyncio
import time

import httpx

from tests.conversations.rooms import Room, all_converge
from tests.harness.client import LiveClient
from tests.harness.rest import ApiError, Json, eventually
from tests.harness.services import PostgreSQL


async def send(room: Room, client: LiveClient, client_id: str) -> Json:
    data = {"conversationId": room.id, "content": client_id, "clientId": client_id}
    return await client.call("send_message", data, timeout=30)


async def test_sends_are_refused_and_work_again(
    fragile_services_room: Room, fragile_postgres: PostgreSQL
) -> None:
    room = fragile_services_room
    watchers = [
        await room.watch(person, server) for server, person in enumerate((room.customer, room.olivia))
    ]
    first = await send(room, watchers[0].client, "before")
    fragile_postgres.stop()
    try:
        # Each answer waits for a connection, so send all requests at once.
        *sends, read, ready = await asyncio.gather(
            *(send(room, watcher.client, "during") for watcher in watchers),
            room.customer.rest.get(room.path),
            room.customer.rest.http.get("/readyz"),
            return_exceptions=True,
        )
        for refusal in sends:
            assert isinstance(refusal, ApiError)
            assert refusal.code == "unavailable"
            assert refusal.details["retryAfter"] > 0
        assert isinstance(read, ApiError)
        assert (read.status, read.code) == (503, "unavailable")
        assert isinstance(ready, httpx.Response)
        assert ready.status_code == 503
    finally:
        fragile_postgres.start()
    await asyncio.gather(*(works_again(room, watcher.client) for watcher in watchers))
    await all_converge(watchers)
    history = await room.history(room.customer)
    assert [message["clientId"] for message in history] == ["before", "during", "during"]
    assert history[0]["id"] == first["message"]["id"]


async def works_again(room: Room, client: LiveClient, within: float = 20) -> None:
    async def sent() -> bool:
        try:
            await send(room, client, "during")
        except ApiError as refusal:
            if refusal.code != "unavailable":
                raise
            return False
        return True

    began = time.monotonic()
    await eventually(sent, "a send that works", timeout=within)
    assert time.monotonic() - began < within


async def test_a_restart_between_two_sends(fragile_services_room: Room, fragile_postgres: PostgreSQL) -> None:
    room = fragile_services_room
    client = await room.join(room.customer)
    await send(room, client, "before")
    fragile_postgres.restart()
    for rest in [
        room.customer.rest_on(server) for server in range(3)
    ] * 4:  # no pool hands out a dead connection
        assert (await rest.get(room.path))["lastSeq"] == 1
    await asyncio.sleep(1.1)
    for server in range(3):  # neither do the threads that work for sockets
        for _ in range(5):
            await room.join(room.amir, server)
    await works_again(room, client)
    assert (await room.seen_by(room.customer))["lastSeq"] == 2
    await client.call("sync", {"conversations": {room.id: 0}})
