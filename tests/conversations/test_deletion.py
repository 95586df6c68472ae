"""People delete their own messages."""

from __future__ import annotations

import pytest

from tests.conversations.rooms import Room, all_converge, seqs
from tests.harness.rest import ApiError


async def test_the_place_stays_and_the_content_goes(room: Room) -> None:
    first, second = await room.say(room.customer, "stays", "goes")
    customer, olivia = await room.watch(room.customer), await room.watch(room.olivia)
    await room.customer.rest.delete(f"/chat/messages/{second['id']}")
    event = await olivia.client.expect("message_deleted")
    assert event["message"]["id"] == second["id"]
    assert (event["message"]["content"], event["message"]["seq"]) == ("", 2)
    assert event["message"]["deletedAt"]
    await all_converge([customer, olivia])
    history = await room.history(room.olivia)
    assert seqs(history) == [1, 2]
    assert history[0]["content"] == first["content"]
    assert (await room.seen_by(room.olivia))["lastMessage"] == ""


async def test_again_changes_nothing(room: Room) -> None:
    (message,) = await room.say(room.customer, "goes")
    await room.customer.rest.delete(f"/chat/messages/{message['id']}")
    before = await room.seen_by(room.customer)
    await room.customer.rest.delete(f"/chat/messages/{message['id']}")
    client = await room.customer.live()
    again = await client.call("delete_message", {"messageId": message["id"]})
    assert again["message"]["deletedAt"]
    assert await room.seen_by(room.customer) == before


async def test_an_unread_message_that_is_gone_no_longer_counts(room: Room) -> None:
    first, second = await room.say(room.customer, "read", "unread")
    olivia = await room.watch(room.olivia)
    await olivia.client.call("mark_read", {"conversationId": room.id, "messageIds": [first["id"]]})
    assert (await room.seen_by(room.olivia))["unreadCount"] == 1
    for message in (second, first):  # the read one no longer counted
        await room.customer.rest.delete(f"/chat/messages/{message['id']}")
        assert (await room.seen_by(room.olivia))["unreadCount"] == 0
    await olivia.converges()


async def test_an_edit_history_goes_with_the_message(room: Room) -> None:
    (message,) = await room.say(room.customer, "secret")
    await room.customer.rest.patch(f"/chat/messages/{message['id']}", {"content": "no secret"})
    await room.customer.rest.delete(f"/chat/messages/{message['id']}")
    assert (await room.olivia.rest.get(f"/chat/messages/{message['id']}/edits"))["results"] == []


async def test_only_the_sender_may(room: Room) -> None:
    (message,) = await room.say(room.customer, "mine")
    for person in (room.olivia, room.amir):
        with pytest.raises(ApiError) as refusal:
            await person.rest.delete(f"/chat/messages/{message['id']}")
        assert (refusal.value.status, refusal.value.code) == (403, "forbidden")
        client = await person.live()
        with pytest.raises(ApiError) as refusal:
            await client.call("delete_message", {"messageId": message["id"]})
        assert refusal.value.code == "forbidden"
    assert (await room.history(room.customer))[0]["content"] == "mine"


async def test_a_deleted_message_takes_no_receipts(room: Room) -> None:
    (message,) = await room.say(room.customer, "gone before it was read")
    await room.customer.rest.delete(f"/chat/messages/{message['id']}")
    answer = await room.olivia.rest.patch(f"{room.path}/read")
    assert (answer["messageIds"], answer["unreadCount"]) == ([], 0)
    assert (await room.history(room.olivia))[0]["status"] == "sent"
