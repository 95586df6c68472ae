"""Commands that only live sockets have: the same answers and events on both transports."""

from __future__ import annotations

import asyncio

import pytest

from tests.conversations.rooms import Room
from tests.parity.transports import TransportName, Transports

pytestmark = pytest.mark.fleet


async def test_joining_and_leaving(room: Room, transports: Transports, live_transport: TransportName) -> None:
    await room.say(room.customer, "one", "two")
    head = await room.seen_by(room.customer)
    client = await transports.open(live_transport, room.olivia)
    answer = await client.call("join_conversation", {"conversationId": room.id})
    assert answer == {"conversationId": room.id, "lastSeq": 2, "rev": head["rev"]}
    assert await client.expect("joined_conversation") == answer
    (third,) = await room.say(room.customer, "three")
    assert (await client.expect("new_message"))["message"]["id"] == third["id"]
    left = await client.call("leave_conversation", {"conversationId": room.id})
    assert left == {"conversationId": room.id}
    await room.say(room.customer, "four")
    await client.nothing("new_message")


async def test_typing(room: Room, transports: Transports, live_transport: TransportName) -> None:
    typist = await transports.open(live_transport, room.customer)
    native, socketio = (
        await transports.open("native", room.olivia),
        await transports.open("socketio", room.amir),
    )
    for client in (typist, native, socketio):
        await client.join(room.id)
    where = {"conversationId": room.id}
    assert await typist.call("typing_start", where) == {**where, "isTyping": True}
    for client in (native, socketio):
        expected = {**where, "userId": room.customer.id, "isTyping": True}
        assert await client.expect("user_typing") == expected
    assert await typist.call("typing_stop", where) == {**where, "isTyping": False}
    for client in (native, socketio):
        assert (await client.expect("user_typing"))["isTyping"] is False
    await typist.nothing("user_typing")


async def test_receipts(room: Room, transports: Transports, live_transport: TransportName) -> None:
    sender = await transports.open("native", room.customer)
    await sender.join(room.id)
    messages = await room.say(room.customer, "one", "two", "three")
    ids = [message["id"] for message in messages]
    reader = await transports.open(live_transport, room.olivia)
    data = {"conversationId": room.id, "messageIds": ids}
    assert await reader.call("mark_delivered", data) == data
    assert (await sender.expect("messages_delivered"))["messageIds"] == ids
    assert await reader.call("mark_read", data) == {**data, "unreadCount": 0}
    event = await sender.expect("messages_read")
    assert (event["messageIds"], event["readBy"]) == (ids, room.olivia.id)
    again = await reader.call("mark_read", data)
    assert again == {"conversationId": room.id, "messageIds": [], "unreadCount": 0}


async def test_heartbeat_and_sync(room: Room, transports: Transports, live_transport: TransportName) -> None:
    client = await transports.open(live_transport, room.customer)
    await client.join(room.id)
    await room.say(room.olivia, "one", "two")
    delivered: set[str] = set()
    while len(delivered) < 2:
        delivered |= set((await client.expect("messages_delivered"))["messageIds"])
    head = await room.seen_by(room.customer)
    beat = await client.call("heartbeat")
    assert beat["conversations"] == {room.id: {"lastSeq": 2, "rev": head["rev"]}}
    assert beat["serverTime"].endswith("Z")

    synced = await client.call("sync", {"conversations": {room.id: 0, "no-uuid": 0}})
    assert synced["conversations"].keys() == {room.id}
    assert synced["conversations"][room.id]["conversation"] == head
    rows = sorted(synced["conversations"][room.id]["messages"], key=lambda row: row["seq"])
    assert rows == await room.history(room.customer)
    assert synced["unread"]["conversations"] == {room.id: 2}
    nothing = await client.call("sync", {"conversations": {room.id: head["rev"]}})
    assert not nothing["conversations"][room.id].get("messages")


async def test_a_fresh_token_of_the_same_user(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    client = await transports.open(live_transport, room.customer)
    answer = await client.call("authenticate", {"token": room.customer.access})
    assert answer == {"userId": room.customer.id}


async def test_presence(room: Room, transports: Transports, live_transport: TransportName) -> None:
    native, socketio = (
        await transports.open("native", room.olivia),
        await transports.open("socketio", room.amir),
    )
    await transports.open(live_transport, room.customer)
    for client in (native, socketio):
        await client.expect("user_online", lambda data: data["userId"] == room.customer.id)


async def test_commands_of_one_socket_are_carried_out_in_order(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    """Even with pipelining, the send sees the effect of the join, and the sync that of the send."""
    client = await transports.open(live_transport, room.customer)
    where = {"conversationId": room.id}
    joined = client.begin("join_conversation", where)
    sent = client.begin("send_message", {**where, "content": "hello"})
    await asyncio.gather(joined, sent)
    assert (await client.expect("new_message"))["message"]["content"] == "hello"
    assert (await client.call("heartbeat"))["conversations"][room.id]["lastSeq"] == 1
