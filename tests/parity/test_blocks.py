"""A block takes effect at once on every transport and on open sockets: sending, typing, presence."""

from __future__ import annotations

import pytest

from tests.conversations.rooms import Room
from tests.harness.cast import Person
from tests.harness.client import LiveClient, Predicate
from tests.harness.rest import ApiError
from tests.parity.transports import TransportName, Transports


async def block(person: Person, target: str) -> None:
    await person.rest.request("PUT", f"/chat/blocks/{target}")


async def unblock(person: Person, target: str) -> None:
    await person.rest.request("DELETE", f"/chat/blocks/{target}")


async def refused(client: LiveClient, room: Room) -> str:
    with pytest.raises(ApiError) as refusal:
        await client.call("send_message", {"conversationId": room.id, "content": "psst"})
    assert "block" not in str(refusal.value)
    return refusal.value.code


async def test_refused_bodies(room: Room, transports: Transports, transport: TransportName) -> None:
    await room.say(room.customer, "hello")
    writer = await transports.open(transport, room.amir)
    business = f"businesses/{room.cast.business_id}"
    await block(room.customer, business)
    assert await refused(writer, room) == "forbidden"
    await unblock(room.customer, business)
    await writer.call("send_message", {"conversationId": room.id, "content": "hi"})
    await block(room.customer, room.amir.id)
    assert await refused(writer, room) == "forbidden"
    await unblock(room.customer, room.amir.id)


async def test_typing_ends_and_shows_no_more(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    typist, reader = (
        await transports.open(live_transport, room.customer),
        await transports.open("native", room.olivia),
    )
    for client in (typist, reader):
        await client.join(room.id)
    await typist.call("typing_start", {"conversationId": room.id})
    await reader.expect("user_typing", lambda data: data["isTyping"])
    await block(room.amir, room.customer.id)
    await reader.expect("user_typing", lambda data: not data["isTyping"])
    answer = await typist.call("typing_start", {"conversationId": room.id})
    assert answer == {"conversationId": room.id, "isTyping": True}  # it gets no event
    later = await transports.open(live_transport, room.customer)
    await later.join(room.id)
    await later.call("typing_start", {"conversationId": room.id})
    await reader.nothing("user_typing", 0.3, lambda data: data["isTyping"])
    await unblock(room.olivia, room.customer.id)
    await room.olivia.rest.get(room.path)
    await later.call("typing_start", {"conversationId": room.id})
    await reader.expect("user_typing", lambda data: data["isTyping"])


async def test_only_the_side_that_blocks_hears_of_it(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    member, customer = (
        await transports.open(live_transport, room.olivia),
        await transports.open(live_transport, room.customer),
    )
    for client in (member, customer):
        await client.call("heartbeat")
        client.forget()
    await block(room.amir, room.customer.id)
    told = await member.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
    assert told["conversation"]["blocked"] is True
    assert told["conversation"] == await room.seen_by(room.olivia)
    await customer.nothing("conversation_updated", 0.2)
    await unblock(room.amir, room.customer.id)


async def test_presence_is_hidden_and_comes_back(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    customer = await transports.open(live_transport, room.customer)
    member = await transports.open("native", room.olivia)
    await customer.call("heartbeat")

    def about(person: Person) -> Predicate:
        return lambda data: bool(data["userId"] == person.id)

    await block(room.olivia, room.customer.id)
    await customer.expect("user_offline", about(room.olivia), timeout=8)
    seen = await room.customer.rest.get(f"/presence?userIds={room.olivia.id}")
    assert seen["results"] == [{"userId": room.olivia.id, "online": False, "lastSeen": None}]
    await unblock(room.olivia, room.customer.id)
    await customer.expect("user_online", about(room.olivia), timeout=8)
    await member.call("heartbeat")
    member.forget()
    await block(room.customer, room.olivia.id)
    await member.expect("user_offline", about(room.customer), timeout=8)
    await unblock(room.customer, room.olivia.id)
    await member.expect("user_online", about(room.customer), timeout=8)
