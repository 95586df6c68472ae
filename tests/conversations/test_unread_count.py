"""GET /chat/unread-count."""

from __future__ import annotations

from tests.conversations.rooms import Room


async def test_the_customers_side(room: Room) -> None:
    rest = room.customer.rest
    assert await rest.get("/chat/unread-count") == {"total": 0, "conversations": {}}
    await room.say(room.olivia, "one", "two")
    await room.say(room.customer, "mine does not count")
    assert await rest.get("/chat/unread-count") == {"total": 2, "conversations": {room.id: 2}}
    await rest.patch(f"{room.path}/read")
    assert await rest.get("/chat/unread-count") == {"total": 0, "conversations": {}}


async def test_the_business_over_all_its_conversations(room: Room) -> None:
    other = await Room.open(room.cast)
    before = (await room.olivia.rest.get("/chat/unread-count"))["total"]
    await room.say(room.customer, "one")
    await other.say(other.customer, "one", "two")
    for member in (room.olivia, room.amir):
        answer = await member.rest.get("/chat/unread-count")
        assert answer["total"] == before + 3
        assert (answer["conversations"][room.id], answer["conversations"][other.id]) == (1, 2)
    await other.amir.rest.patch(f"{other.path}/read")
    answer = await room.olivia.rest.get("/chat/unread-count")
    assert answer["total"] == before + 1 == sum(answer["conversations"].values())
    assert other.id not in answer["conversations"]
