"""GET /chat/unread-count."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.conversations.rooms import Room
from tests.harness.cast import Cast

OPEN_SHOP = """
from conversations.models import Business, Membership
shop = Business.objects.create(name="Tea", slug={slug!r})
for member in {members!r}:
    Membership.objects.create(business=shop, user_id=member)
print(shop.pk)
"""


@pytest.fixture
async def shop(cast: Cast) -> tuple[Room, Room]:
    """Two conversations of a new business with new members. The counts of the cast's members include other tests'."""
    members = await cast.newcomer(1), await cast.newcomer(2)
    code = OPEN_SHOP.format(slug=f"tea-{uuid4().hex[:8]}", members=[member.id for member in members])
    business_id = cast.stage.deployment.shell(code).strip()

    async def opened() -> Room:
        customer = await cast.newcomer()
        made = await customer.rest.post("/chat/conversations", {"businessId": business_id})
        return Room(cast, customer, *members, made["id"])

    return await opened(), await opened()


async def test_the_customers_side(room: Room) -> None:
    rest = room.customer.rest
    assert await rest.get("/chat/unread-count") == {"total": 0, "conversations": {}}
    await room.say(room.olivia, "one", "two")
    await room.say(room.customer, "mine does not count")
    assert await rest.get("/chat/unread-count") == {"total": 2, "conversations": {room.id: 2}}
    await rest.patch(f"{room.path}/read")
    assert await rest.get("/chat/unread-count") == {"total": 0, "conversations": {}}


async def test_the_business_over_all_its_conversations(shop: tuple[Room, Room]) -> None:
    room, other = shop
    await room.say(room.customer, "one")
    await other.say(other.customer, "one", "two")
    for member in (room.olivia, room.amir):
        answer = await member.rest.get("/chat/unread-count")
        assert answer == {"total": 3, "conversations": {room.id: 1, other.id: 2}}
    await other.amir.rest.patch(f"{other.path}/read")
    answer = await room.olivia.rest.get("/chat/unread-count")
    assert answer == {"total": 1, "conversations": {room.id: 1}}
