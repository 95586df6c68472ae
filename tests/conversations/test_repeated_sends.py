"""`clientId`: any number of attempts over any transport creates one message."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.conversations.rooms import Room, all_converge
from tests.harness.rest import ApiError, Json


async def post(room: Room, client_id: str, content: str = "once") -> tuple[int, Json]:
    body = {"content": content, "clientId": client_id}
    response = await room.customer.rest.request("POST", f"{room.path}/messages", body)
    return response.status_code, response.json()


async def test_a_repeated_send_over_rest_is_the_same_message(room: Room) -> None:
    first, again = await post(room, "r-1"), await post(room, "r-1", "other words")
    assert (first[0], again[0]) == (201, 200)
    assert again[1] == first[1]
    assert len(await room.history(room.customer)) == 1


async def test_again_over_a_socket_is_the_same_ack_and_no_event(room: Room) -> None:
    watcher = await room.watch(room.customer)
    first = await room.send(watcher.client, "once", "w-1")
    again = await room.send(watcher.client, "once", "w-1")
    assert again["message"]["id"] == first["message"]["id"]
    await watcher.client.expect("new_message")
    await watcher.client.nothing("new_message")
    await watcher.converges()


async def test_from_one_transport_to_the_other(room: Room) -> None:
    client = await room.join(room.customer)
    live = await room.send(client, "once", "x-1")
    status, stored = await post(room, "x-1")
    assert (status, stored["id"]) == (200, live["message"]["id"])
    status, stored = await post(room, "x-2")
    assert status == 201
    assert (await room.send(client, "once", "x-2"))["message"]["id"] == stored["id"]


async def test_many_at_once_in_one_batch(room: Room) -> None:
    client = await room.join(room.customer)
    acks = await asyncio.gather(*(room.begin_send(client, "once", "b-1") for _ in range(20)))
    assert {ack["message"]["id"] for ack in acks} == {acks[0]["message"]["id"]}
    assert len(await room.history(room.customer)) == 1


async def test_concurrent_sends_from_several_processes_and_rest(room: Room) -> None:
    watchers = [await room.watch(room.customer, server) for server in range(3)]
    for turn in range(10):
        calls = [room.begin_send(watcher.client, "once", f"p-{turn}") for watcher in watchers]
        acks, (status, stored) = await asyncio.gather(asyncio.gather(*calls), post(room, f"p-{turn}"))
        assert status in {200, 201}
        assert {ack["message"]["id"] for ack in acks} == {stored["id"]}
    assert len(await room.history(room.customer)) == 10
    await all_converge(watchers)


async def test_the_id_belongs_to_its_sender_and_conversation(room: Room) -> None:
    other = await Room.open(room.cast)
    sent = [
        await room.customer.send(room.id, "mine", clientId="same"),
        await room.olivia.send(room.id, "hers", clientId="same"),
        await room.olivia.send(other.id, "hers, elsewhere", clientId="same"),
        await room.amir.send(room.id, "his", clientId="same"),
    ]
    assert len({message["id"] for message in sent}) == 4


async def test_without_an_id_every_send_is_a_message(room: Room) -> None:
    await room.say(room.customer, "tick", "tick")
    assert len(await room.history(room.customer)) == 2


@pytest.mark.parametrize("bad", ["", "x" * 65, "a\nb", "a\u0000b"])
async def test_an_id_that_cannot_be_one(room: Room, bad: str) -> None:
    with pytest.raises(ApiError) as refusal:
        await room.customer.send(room.id, "hello", clientId=bad)
    assert (refusal.value.status, refusal.value.code) == (400, "invalid")
    assert refusal.value.details["field"] == "clientId"


async def test_a_repeat_after_an_edit_and_a_delete_shows_the_message_as_it_is(room: Room) -> None:
    client_id = str(uuid4())
    _, stored = await post(room, client_id, "before")
    await room.customer.rest.patch(f"/chat/messages/{stored['id']}", {"content": "after"})
    status, again = await post(room, client_id, "before")
    assert (status, again["content"]) == (200, "after")
    await room.customer.rest.delete(f"/chat/messages/{stored['id']}")
    status, again = await post(room, client_id, "before")
    assert (status, again["content"]) == (200, "")
    assert again["deletedAt"]
