"""Each side archives a conversation for itself."""

from __future__ import annotations

import pytest

from tests.conversations.rooms import Room
from tests.harness.cast import Person
from tests.harness.rest import ApiError


async def archive(room: Room, person: Person, archived: bool) -> bool:
    answer = await person.rest.patch(room.path, {"archived": archived})
    assert answer == await room.seen_by(person)
    return bool(answer["archived"])


async def is_archived(room: Room, person: Person) -> bool:
    return bool((await room.seen_by(person))["archived"])


async def test_each_side_by_itself(room: Room) -> None:
    assert await archive(room, room.olivia, True) is True
    assert await is_archived(room, room.amir) is True
    assert await is_archived(room, room.customer) is False
    assert await archive(room, room.customer, True) is True
    assert await archive(room, room.amir, False) is False
    assert await is_archived(room, room.customer) is True


async def test_the_next_message_takes_it_back_for_both(room: Room) -> None:
    for person in (room.customer, room.olivia):
        await archive(room, person, True)
    client = await room.idle(room.customer)
    await room.say(room.olivia, "news")
    update = await client.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
    assert update["conversation"]["archived"] is False
    for person in (room.customer, room.olivia):
        assert await is_archived(room, person) is False


async def test_nothing_else_takes_it_back(room: Room) -> None:
    (message,) = await room.say(room.customer, "hello")
    await archive(room, room.customer, True)
    await room.customer.rest.patch(f"/chat/messages/{message['id']}", {"content": "edited"})
    await room.olivia.rest.patch(f"{room.path}/read")
    assert await is_archived(room, room.customer) is True


async def test_all_devices_of_the_side_hear_of_it_and_it_takes_no_rev(room: Room) -> None:
    watcher, amir = await room.watch(room.olivia), await room.idle(room.amir)
    before = (await room.seen_by(room.olivia))["rev"]
    await archive(room, room.olivia, True)
    for client in (watcher.client, amir):
        update = await client.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
        assert (update["conversation"]["archived"], update["rev"]) == (True, before)
    await watcher.converges()


async def test_the_other_side_sees_no_sign_of_it(room: Room) -> None:
    client = await room.idle(room.customer)
    before = await room.seen_by(room.customer)
    for archived in (True, False):
        await archive(room, room.olivia, archived)
        assert await room.seen_by(room.customer) == before
    await room.say(room.olivia, "news")
    update = await client.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
    assert update["rev"] > before["rev"]  # the first event is that of the message


async def test_a_client_can_tell_which_of_two_answers_is_newer(room: Room) -> None:
    answers = [await room.seen_by(room.olivia)]
    for archived in (True, False):
        await archive(room, room.olivia, archived)
        answers.append(await room.seen_by(room.olivia))
    times = [answer["updatedAt"] for answer in answers]
    assert times == sorted(set(times))


@pytest.mark.parametrize("body", [{}, {"archived": "yes"}, {"archived": None}])
async def test_an_answer_of_another_kind(room: Room, body: dict[str, str | None]) -> None:
    with pytest.raises(ApiError) as refusal:
        await room.customer.rest.patch(room.path, body)
    assert (refusal.value.status, refusal.value.code) == (400, "invalid")
    assert refusal.value.details["field"] == "archived"
