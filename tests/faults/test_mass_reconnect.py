"""All clients are cut off at the same moment and reconnect at once."""

from __future__ import annotations

from tests.conversations.rooms import Room
from tests.faults.crowd import Crowd
from tests.harness.patience import patience

COUNT = 300


async def test_all_are_back_soon_and_sends_go_on(stopping_room: Room) -> None:
    room = stopping_room
    servers = room.cast.stage.deployment.servers
    sender = await room.join(room.customer, 2)
    crowd = Crowd([server.url for server in servers], [room.olivia.access, room.amir.access], rush=True)
    try:
        await crowd.gather(COUNT)
        outcome = await crowd.cut_and_return(sender, room.id)
    finally:
        await crowd.close()
    assert len(outcome.back) == COUNT
    assert max(outcome.back) < patience(15), outcome.lines()
    assert max(outcome.acks) < patience(5), outcome.lines()
    assert (await room.seen_by(room.customer))["lastSeq"] >= len(outcome.acks) > 0
