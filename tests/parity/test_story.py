"""One series of changes over each transport has the same rows, events, answers and order on the live ones."""

from __future__ import annotations

import asyncio

from tests.conversations.rooms import Room
from tests.harness.client import Frame, LiveClient
from tests.harness.mirror import Mirror
from tests.harness.patience import patience
from tests.harness.rest import Json
from tests.parity.transports import TransportName, Transports

MANY = 60


def told(client: LiveClient) -> list[Frame]:
    """Return the events of the conversation that this client received."""
    return [frame for frame in client.events if "rev" in frame.data and frame.event != "joined_conversation"]


def in_order(client: LiveClient, up_to: int = 2**62) -> list[Frame]:
    """Return the events that have a place in the order of `rev`.

    Receipts may still arrive; `up_to` leaves them out.
    """
    return [f for f in told(client) if f.event != "conversation_updated" and f.data["rev"] <= up_to]


async def settled(room: Room, *clients: LiveClient) -> Mirror:
    """Wait until every client has received everything up to the head. Return a fresh fetch."""
    async with asyncio.timeout(patience(10)):
        while True:
            fresh = await Mirror.fetch(room.customer.rest, room.id)
            head = fresh.conversation["rev"]
            if all(max((f.data["rev"] for f in in_order(client)), default=0) >= head for client in clients):
                return fresh
            await asyncio.sleep(0.05)


async def watchers(room: Room, transports: Transports) -> tuple[LiveClient, LiveClient]:
    """Return olivia on the native transport and amir on Socket.IO, on another process if there is one."""
    native, socketio = (
        await transports.open("native", room.olivia),
        await transports.open("socketio", room.amir),
    )
    for client in (native, socketio):
        await client.join(room.id)
    return native, socketio


async def act(room: Room, customer: LiveClient, business: LiveClient) -> list[Json]:
    """Make seven changes, and return the answers to the customer's."""

    async def send(content: str, **more: str) -> Json:
        data = {"conversationId": room.id, "content": content, **more}
        return await customer.call("send_message", data)

    first = await send("Is it open?", clientId="one")
    second = await send("On Sunday, I mean", replyTo=first["message"]["id"])
    image = await send("https://files.example/shop.jpg", messageType="image")
    edited = await customer.call(
        "edit_message", {"messageId": second["message"]["id"], "content": "On Monday, I mean"}
    )
    deleted = await customer.call("delete_message", {"messageId": image["message"]["id"]})
    answer = await business.call("send_message", {"conversationId": room.id, "content": "It is."})
    read = await customer.call(
        "mark_read", {"conversationId": room.id, "messageIds": [answer["message"]["id"]]}
    )
    assert read == {"conversationId": room.id, "messageIds": [answer["message"]["id"]], "unreadCount": 0}
    return [first, second, image, edited, deleted]


async def test_the_same_story(room: Room, transports: Transports, transport: TransportName) -> None:
    native, socketio = await watchers(room, transports)
    customer = await transports.open(transport, room.customer)
    answers = await act(room, customer, native)
    fresh = await settled(room, native, socketio)

    head = fresh.conversation["rev"]
    assert in_order(native, head) == in_order(socketio, head)
    assert [frame.data["rev"] for frame in in_order(native, head)] == list(range(1, head + 1))
    # Delivered receipts are gathered for a moment, so how many there are depends on the clock.
    heard = [frame for frame in in_order(native) if frame.event != "messages_delivered"]
    assert [frame.event for frame in heard] == [
        *["new_message"] * 3,
        "message_edited",
        "message_deleted",
        "new_message",
        "messages_read",
    ]
    for frame, answer in zip(heard, answers, strict=False):
        assert_same(answer["message"], frame.data["message"])
    assert [row["content"] for row in fresh.ordered()] == ["Is it open?", "On Monday, I mean", "", "It is."]
    assert [row["messageType"] for row in fresh.ordered()] == ["text", "text", "image", "text"]
    assert fresh.ordered()[0]["clientId"] == "one"
    assert fresh.ordered()[1]["replyTo"] == fresh.ordered()[0]["id"]
    assert fresh.ordered()[3]["status"] == "read"


def assert_same(answer: Json, event: Json) -> None:
    """Compare messages. One may have been delivered between its event and the answer to a REST request."""
    moving = {"rev", "status", "deliveredAt"}
    assert {k: v for k, v in answer.items() if k not in moving} == {
        k: v for k, v in event.items() if k not in moving
    }


async def test_conversation_updated_comes_to_sockets_that_have_not_joined(
    room: Room, transports: Transports, transport: TransportName
) -> None:
    native, socketio = (
        await transports.open("native", room.olivia),
        await transports.open("socketio", room.amir),
    )
    customer = await transports.open(transport, room.customer)
    await customer.call("send_message", {"conversationId": room.id, "content": "Hello?"})
    heads = [
        await client.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
        for client in (native, socketio)
    ]
    assert heads[0] == heads[1]
    assert heads[0]["conversation"]["lastMessage"] == "Hello?"
    assert heads[0]["conversation"]["unreadCount"] == 1
    await native.nothing("new_message")
    await socketio.nothing("new_message")


async def test_hundreds_are_kept_in_the_order_of_sending(
    room: Room, transports: Transports, transport: TransportName
) -> None:
    native, socketio = await watchers(room, transports)
    customer = await transports.open(transport, room.customer)
    calls = [
        customer.begin("send_message", {"conversationId": room.id, "content": f"m{n}", "clientId": f"c{n}"})
        for n in range(MANY)
    ]
    answers = await asyncio.gather(*calls)
    assert [answer["message"]["seq"] for answer in answers] == list(range(1, MANY + 1))
    fresh = await settled(room, native, socketio)
    head = fresh.conversation["rev"]
    assert in_order(native, head) == in_order(socketio, head)
    arrived = [frame.data["message"]["content"] for frame in in_order(native) if frame.event == "new_message"]
    assert arrived == [row["content"] for row in fresh.ordered()] == [f"m{n}" for n in range(MANY)]


async def test_one_client_id_over_every_transport_makes_one_message(
    room: Room, transports: Transports
) -> None:
    data = {"conversationId": room.id, "content": "once", "clientId": "the-same"}
    names: tuple[TransportName, ...] = ("native", "socketio", "rest")
    clients = [await transports.open(name, room.customer) for name in names]
    answers = await asyncio.gather(*(client.call("send_message", data) for client in clients * 3))
    assert len({answer["message"]["id"] for answer in answers}) == 1
    assert [row["content"] for row in await room.history(room.customer)] == ["once"]
