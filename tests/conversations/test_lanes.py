"""On PostgreSQL the writer has lanes: a conversation that has to wait holds up those of its own lane alone."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg

from chatsite.realtime.database import WRITERS
from tests.conversations.rooms import Room, seqs
from tests.harness.patience import patience


async def test_the_other_lane_goes_on(services_room: Room) -> None:
    held = services_room
    other = await Room.open(held.cast)
    while UUID(other.id).int % WRITERS == UUID(held.id).int % WRITERS:
        other = await Room.open(held.cast)
    clients = [await room.join(room.customer, server=1) for room in (held, other)]
    with psycopg.connect(held.cast.stage.deployment.environment["DATABASE_URL"]) as locker:
        locker.execute("SELECT FROM conversations_conversation WHERE id = %s FOR UPDATE", [held.id])
        waiting = [held.begin_send(clients[0], f"m{number}") for number in range(5)]
        async with asyncio.timeout(patience(5)):
            for number in range(20):
                await other.send(clients[1], f"m{number}")
        assert not any(task.done() for task in waiting)
        locker.rollback()
    acks = await asyncio.gather(*waiting)
    assert [ack["message"]["seq"] for ack in acks] == [1, 2, 3, 4, 5]
    for room, count in ((held, 5), (other, 20)):
        history = await room.history(room.olivia)
        assert seqs(history) == list(range(1, count + 1))
        assert [message["content"] for message in history] == [f"m{number}" for number in range(count)]
