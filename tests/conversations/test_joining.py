"""Joining and leaving a conversation."""

from __future__ import annotations

import asyncio

from tests.conversations.rooms import Room, all_converge


async def test_joining_answers_how_far_the_conversation_has_come(room: Room) -> None:
    await room.say(room.customer, "one", "two")
    await room.olivia.rest.patch(f"{room.path}/read")
    client = await room.customer.live()
    answer = await client.call("join_conversation", {"conversationId": room.id})
    assert answer == {"conversationId": room.id, "lastSeq": 2, "rev": 3}
    assert await client.expect("joined_conversation") == answer


async def test_joining_twice_is_joining_once(room: Room) -> None:
    client = await room.join(room.customer)
    await client.join(room.id)
    await room.send(client, "once")
    await client.expect("new_message")
    await client.nothing("new_message", within=0.2)
    await client.call("leave_conversation", {"conversationId": room.id})
    await room.say(room.olivia, "gone")
    await client.nothing("new_message")


async def test_after_leaving_only_the_preview_comes(room: Room) -> None:
    client, stays = await room.join(room.customer), await room.watch(room.amir)
    assert await client.call("leave_conversation", {"conversationId": room.id}) == {"conversationId": room.id}
    (message,) = await room.say(room.olivia, "still there?")
    await room.olivia.rest.patch(f"/chat/messages/{message['id']}", {"content": "edited"})
    await client.expect(
        "conversation_updated", lambda data: data["conversation"]["lastMessage"] == "still there?"
    )
    await stays.client.expect("message_edited")
    for event in ("new_message", "message_edited"):
        await client.nothing(event, within=0.2)
    await stays.converges()


async def test_leaving_what_was_not_joined(room: Room) -> None:
    client = await room.customer.live()
    assert await client.call("leave_conversation", {"conversationId": room.id}) == {"conversationId": room.id}


async def test_coming_back(room: Room) -> None:
    """A socket leaves and joins at once, while other sockets of the process join and leave."""
    client = await room.join(room.customer)
    for number in range(10):
        leave = client.begin("leave_conversation", {"conversationId": room.id})
        join = client.begin("join_conversation", {"conversationId": room.id})
        await asyncio.gather(leave, join)
        (message,) = await room.say(room.olivia, f"turn {number}")
        got = await client.expect("new_message")
        assert got["message"]["id"] == message["id"]


async def test_a_message_during_a_join_is_in_the_fetch_or_arrives_as_an_event(room: Room) -> None:
    sender = await room.join(room.olivia)
    sends = [room.begin_send(sender, f"m{number}") for number in range(60)]
    watchers = [await room.watch(person, number) for number, person in enumerate([room.customer] * 3)]
    await asyncio.gather(*sends)
    await all_converge(watchers)


async def test_sends_need_no_join(room: Room) -> None:
    client, olivia = await room.customer.live(), await room.watch(room.olivia)
    await room.send(client, "from outside the room")
    await olivia.client.expect("new_message")
    await client.nothing("new_message", within=0.2)
    await olivia.converges()


async def test_a_socket_that_closed_is_in_no_room(room: Room) -> None:
    leaves, stays = await room.join(room.customer), await room.watch(room.customer)
    await leaves.close()
    await room.say(room.olivia, "one less")
    await stays.client.expect("new_message")
    await stays.converges()
