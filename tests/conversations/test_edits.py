"""People edit their own messages."""

from __future__ import annotations

import pytest

from chatsite.config.limits import Limits
from tests.conversations.rooms import Room, all_converge
from tests.harness.rest import ApiError


async def test_an_edit_reaches_everybody_and_keeps_the_history(room: Room) -> None:
    (message,) = await room.say(room.customer, "tomorow")
    customer, olivia = await room.watch(room.customer), await room.watch(room.olivia)
    ack = await customer.client.call("edit_message", {"messageId": message["id"], "content": "tomorrow"})
    assert await olivia.client.expect("message_edited") == ack
    assert (ack["message"]["content"], ack["message"]["seq"]) == ("tomorrow", message["seq"])
    assert ack["message"]["editedAt"]
    await room.customer.rest.patch(f"/chat/messages/{message['id']}", {"content": "on Friday"})
    await olivia.client.expect("message_edited", lambda data: data["message"]["content"] == "on Friday")

    for reader in (room.customer, room.olivia):
        edits = await reader.rest.get(f"/chat/messages/{message['id']}/edits")
        assert [edit["content"] for edit in edits["results"]] == ["tomorow", "tomorrow"]
        assert edits["results"][0].keys() == {"content", "replacedAt"}
    await all_converge([customer, olivia])
    assert (await room.seen_by(room.olivia))["lastMessage"] == "on Friday"


async def test_an_older_message_does_not_change_the_preview(room: Room) -> None:
    first, _ = await room.say(room.customer, "first", "last")
    await room.customer.rest.patch(f"/chat/messages/{first['id']}", {"content": "FIRST"})
    assert (await room.seen_by(room.customer))["lastMessage"] == "last"


async def test_the_same_words_again_change_nothing(room: Room) -> None:
    (message,) = await room.say(room.customer, "same")
    answer = await room.customer.rest.patch(f"/chat/messages/{message['id']}", {"content": "same"})
    assert (answer["rev"], answer["editedAt"]) == (message["rev"], None)


async def test_only_the_sender_may(room: Room) -> None:
    (message,) = await room.say(room.olivia, "hers")
    for person in (room.customer, room.amir):
        with pytest.raises(ApiError) as refusal:
            await person.rest.patch(f"/chat/messages/{message['id']}", {"content": "mine"})
        assert (refusal.value.status, refusal.value.code) == (403, "forbidden")
        client = await person.live()
        with pytest.raises(ApiError) as refusal:
            await client.call("edit_message", {"messageId": message["id"], "content": "mine"})
        assert refusal.value.code == "forbidden"
    assert (await room.history(room.customer))[0]["content"] == "hers"


async def test_a_deleted_message_stays_as_it_is(room: Room) -> None:
    (message,) = await room.say(room.customer, "gone")
    await room.customer.rest.delete(f"/chat/messages/{message['id']}")
    with pytest.raises(ApiError) as refusal:
        await room.customer.rest.patch(f"/chat/messages/{message['id']}", {"content": "back"})
    assert (refusal.value.status, refusal.value.code) == (409, "conflict")


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "invalid"), (" \n", "invalid"), ("x" * (Limits.message_length + 1), "too_large")],
)
async def test_the_rules_of_content_hold(room: Room, content: str, code: str) -> None:
    (message,) = await room.say(room.customer, "fine")
    with pytest.raises(ApiError) as refusal:
        await room.customer.rest.patch(f"/chat/messages/{message['id']}", {"content": content})
    assert refusal.value.code == code
    with pytest.raises(ApiError) as refusal:
        await room.customer.send(room.id, content)
    assert refusal.value.code == code


async def test_a_message_answers_itself(room: Room) -> None:
    (message,) = await room.say(room.customer, "x" * Limits.message_length)
    assert await room.customer.rest.get(f"/chat/messages/{message['id']}") == message
