"""Two sides talk over live sockets."""

from __future__ import annotations

import asyncio

from tests.conversations.rooms import Room, all_converge, seqs
from tests.harness.client import LiveClient

EACH = 120  # messages of one side


async def test_a_message_reaches_both_sides_and_its_ack_says_the_same(room: Room) -> None:
    customer, olivia = await room.watch(room.customer), await room.watch(room.olivia)
    ack = await room.send(customer.client, "Is the blue one still there?", "first-1")
    for watcher in (customer, olivia):
        assert await watcher.client.expect("new_message") == ack
    assert ack.keys() == {"conversationId", "rev", "message"}
    message = ack["message"]
    assert (ack["conversationId"], ack["rev"]) == (room.id, message["rev"])
    assert (message["seq"], message["content"], message["clientId"]) == (
        1,
        "Is the blue one still there?",
        "first-1",
    )
    assert (message["senderId"], message["senderSide"]) == (room.customer.id, "customer")
    assert (message["status"], message["deletedAt"], message["replyTo"]) == ("sent", None, None)
    assert message["createdAt"].endswith("Z")
    await all_converge([customer, olivia])


async def test_an_answer_goes_the_other_way_and_quotes(room: Room) -> None:
    customer, olivia = await room.watch(room.customer), await room.watch(room.olivia)
    (question,) = await room.say(room.customer, "Until when are you open?")
    ack = await olivia.client.call(
        "send_message",
        {
            "conversationId": room.id,
            "content": "Until six.",
            "replyTo": question["id"],
            "messageType": "text",
        },
    )
    assert ack["message"]["replyTo"] == question["id"]
    assert ack["message"]["senderSide"] == "business"
    got = await customer.client.expect("new_message", lambda data: data["message"]["content"] == "Until six.")
    assert got == ack
    await all_converge([customer, olivia])


async def test_hundreds_pipelined_from_both_sides_make_one_gapless_order(room: Room) -> None:
    customer, olivia = await room.watch(room.customer), await room.watch(room.olivia)
    calls = []
    for number in range(EACH):
        calls += [
            room.begin_send(customer.client, f"c{number}"),
            room.begin_send(olivia.client, f"o{number}"),
        ]
    acks = await asyncio.gather(*calls)

    assert sorted(ack["message"]["seq"] for ack in acks) == list(range(1, 2 * EACH + 1))
    for mine in (acks[0::2], acks[1::2]):  # each sender's own order is kept
        assert seqs(ack["message"] for ack in mine) == sorted(seqs(ack["message"] for ack in mine))
    await all_converge([customer, olivia])
    history = await room.history(room.customer)
    assert seqs(history) == list(range(1, 2 * EACH + 1))
    contents = [message["content"] for message in history]
    for watcher in (customer, olivia):
        assert heard(watcher.client) == contents


def heard(client: LiveClient) -> list[str]:
    """Return the contents in the order of arrival, which is the order of the history."""
    return [frame.data["message"]["content"] for frame in client.events if frame.event == "new_message"]


async def test_everybody_in_the_room_hears_the_same_order_whatever_the_process(services_room: Room) -> None:
    room = services_room
    people = (room.customer, room.olivia, room.amir)
    watchers = [await room.watch(person, server) for server, person in enumerate(people)]
    calls = [room.begin_send(watchers[n % 3].client, f"m{n}") for n in range(90)]
    await asyncio.gather(*calls)
    await all_converge(watchers)
    assert heard(watchers[0].client) == heard(watchers[1].client) == heard(watchers[2].client)
    assert len(heard(watchers[0].client)) == 90


async def test_every_device_of_the_sender_gets_the_message_too(room: Room) -> None:
    phone, laptop = await room.join(room.customer, 0), await room.join(room.customer, 1)
    ack = await room.send(phone, "from the phone")
    assert await laptop.expect("new_message") == ack
    assert await phone.expect("new_message") == ack


async def test_sockets_that_have_not_joined_get_only_the_conversation(room: Room) -> None:
    at_home = await room.idle(room.olivia)
    await room.say(room.customer, "Hello?")
    update = await at_home.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
    assert update["conversation"]["lastMessage"] == "Hello?"
    assert update["conversation"]["unreadCount"] == 1
    await at_home.nothing("new_message")


async def test_the_kinds_of_a_message(room: Room) -> None:
    client = await room.join(room.customer)
    for kind in ("text", "image", "file", "voice"):
        data = {"conversationId": room.id, "content": "https://files.example/1", "messageType": kind}
        assert (await client.call("send_message", data))["message"]["messageType"] == kind
