"""Messages that are written, edited or deleted over any transport are found, or no longer found, at once."""

from __future__ import annotations

from tests.conversations.rooms import Room
from tests.harness.cast import Person
from tests.parity.transports import TransportName, Transports


async def found(person: Person, room: Room, words: str) -> list[str]:
    answer = await person.rest.get(f"/chat/search?q={words}&conversationId={room.id}")
    return [result["message"]["content"] for result in answer["results"]]


async def test_every_change_is_in_the_index_once_it_is_acknowledged(
    room: Room, transports: Transports, transport: TransportName
) -> None:
    writer = await transports.open(transport, room.customer)
    data = {"conversationId": room.id, "content": "The Zeppelin is grün"}
    message = (await writer.call("send_message", data))["message"]
    for person in (room.customer, room.olivia, room.amir):
        assert await found(person, room, "zepp grun") == ["The Zeppelin is grün"]
    assert (await room.cast.outsider.rest.get("/chat/search?q=zeppelin"))["results"] == []
    await writer.call("edit_message", {"messageId": message["id"], "content": "The balloon is red"})
    assert await found(room.olivia, room, "zeppelin") == []
    assert await found(room.olivia, room, "balloon") == ["The balloon is red"]
    await writer.call("delete_message", {"messageId": message["id"]})
    assert await found(room.olivia, room, "balloon") == []
