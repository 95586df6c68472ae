"""Reactions over every transport: one row each, `rev`s without gaps, and the same list for everybody."""

from __future__ import annotations

import asyncio

from tests.conversations.rooms import Room
from tests.harness.client import LiveClient
from tests.harness.mirror import Mirror
from tests.parity.test_story import settled
from tests.parity.transports import TransportName, Transports

THUMB = "👍"


async def test_a_reaction_reaches_everybody_who_joined(
    room: Room, transports: Transports, transport: TransportName
) -> None:
    (message,) = await room.say(room.customer, "hello")
    watcher = await transports.open("native", room.olivia)
    await watcher.join(room.id)
    actor = await transports.open(transport, room.customer)
    what = {"messageId": message["id"], "emoji": THUMB}
    answer = await actor.call("add_reaction", what)
    assert answer["reactions"] == [{"emoji": THUMB, "count": 1, "userIds": [room.customer.id]}]
    assert await watcher.expect("reactions_updated") == answer
    again = await actor.call("add_reaction", what)
    assert again == answer
    gone = await actor.call("remove_reaction", what)
    assert gone["reactions"] == []
    assert await watcher.expect("reactions_updated") == gone


async def test_fifty_writes_at_once_make_one_row_and_no_gap(room: Room, transports: Transports) -> None:
    (message,) = await room.say(room.customer, "hello")
    watcher = await transports.open("native", room.amir)
    await watcher.join(room.id)
    mirror = await Mirror.fetch(room.amir.rest, room.id)
    clients: list[LiveClient] = [
        await transports.open(name, room.olivia) for name in ("native", "socketio", "rest") for _ in range(2)
    ]
    what = {"messageId": message["id"], "emoji": THUMB}
    await asyncio.gather(*(clients[turn % len(clients)].call("add_reaction", what) for turn in range(50)))
    fresh = await settled(room, watcher)
    assert fresh.messages[message["id"]]["reactions"] == [
        {"emoji": THUMB, "count": 1, "userIds": [room.olivia.id]}
    ]
    held = mirror.apply_all(watcher.events)
    assert held.gaps() == []
    assert held.diff(await Mirror.fetch(room.amir.rest, room.id)) == []


async def test_sync_returns_missed_changes(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    (message,) = await room.say(room.customer, "hello")
    known = (await room.seen_by(room.olivia))["rev"]
    what = {"messageId": message["id"], "emoji": THUMB}
    await (await transports.open(live_transport, room.customer)).call("add_reaction", what)
    synced = await (await transports.open(live_transport, room.olivia)).call(
        "sync", {"conversations": {room.id: known}}
    )
    rows = {row["id"]: row for row in synced["conversations"][room.id]["messages"]}
    assert rows[message["id"]]["reactions"][0]["userIds"] == [room.customer.id]
