"""When the database's disk is full, sends are refused and never acknowledged, and reads work.

Later everything works again.
"""

from __future__ import annotations

import secrets

from tests.conversations.rooms import Room
from tests.faults.disk import SmallDisk
from tests.harness.rest import ApiError
from tests.harness.services import PostgreSQL

FULL = {"unavailable", "internal"}  # the second where the disk cannot be filled and file sizes are limited


async def test_refused_and_not_acked(stopping_room: Room, postgres: PostgreSQL) -> None:
    disk = SmallDisk(postgres, stopping_room.cast.stage.deployment.environment["DATABASE_URL"])
    try:
        disk.move_messages()
        await _fill_and_free(stopping_room, disk)
    finally:
        disk.close()


async def _fill_and_free(room: Room, disk: SmallDisk) -> None:
    reader = await room.watch(room.olivia)
    sender = await room.join(room.customer)
    before = await room.send(sender, "before")
    disk.fill()
    acked, refused = [before["message"]["id"]], []
    for number in range(12):  # what fits into allocated blocks may still be stored
        try:
            ack = await room.send(sender, secrets.token_hex(3_900), f"full-{number}")
            acked.append(ack["message"]["id"])
        except ApiError as refusal:
            refused.append((refusal.code, number))
    assert refused, "the disk was not full"
    assert {code for code, _ in refused} <= FULL
    assert [row["id"] for row in await room.history(room.olivia)] == acked
    disk.free()
    again = [await room.send(sender, "again", f"full-{number}") for _, number in refused]
    acked += [ack["message"]["id"] for ack in again]
    assert [row["id"] for row in await room.history(room.olivia)] == acked
    await reader.converges()
