"""Members join and leave while their sockets are open."""

from __future__ import annotations

import pytest

from tests.conversations.rooms import Room
from tests.harness.cast import Person
from tests.harness.rest import ApiError

CHANGE = """
from conversations import membership
membership.{operation}(business_id={business!r}, user_id={user})
"""


def change(room: Room, operation: str, person: Person) -> None:
    code = CHANGE.format(operation=operation, business=room.cast.business_id, user=person.id)
    room.cast.stage.deployment.shell(code)


async def test_a_new_member_can_write_at_once_and_a_removed_one_cannot(room: Room) -> None:
    """A manage.py process makes the change. Embedded servers get no event, and notice the change by themselves."""
    agent = await room.cast.newcomer()
    clients = [await agent.live(server) for server in range(3)]
    with pytest.raises(ApiError) as refusal:
        await clients[0].join(room.id)
    assert refusal.value.code == "not_found"

    change(room, "add_member", agent)
    for client in clients:
        await client.join(room.id)
    ack = await room.send(clients[0], "I am new here")
    assert ack["message"]["senderSide"] == "business"
    await room.say(room.customer, "Hello!")
    for client in clients:
        await client.expect("new_message", lambda data: data["message"]["content"] == "Hello!")
    sockets_since = [await agent.live(server) for server in range(3)]

    change(room, "remove_member", agent)
    for client in (*sockets_since, *clients):
        assert await client.closed(timeout=5) == 4403
    back = await agent.live()
    with pytest.raises(ApiError) as refusal:
        await back.join(room.id)
    assert refusal.value.code == "not_found"
    with pytest.raises(ApiError):
        await room.send(back, "still here")


async def test_a_new_members_open_sockets_hear_of_the_conversations(services_room: Room) -> None:
    room = services_room
    agent = await room.cast.newcomer()
    client = await room.idle(agent)
    change(room, "add_member", agent)
    try:
        await room.say(room.customer, "anybody?")
        await client.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
    finally:
        change(room, "remove_member", agent)
