"""Who has read which message, and the unread counts."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.conversations.rooms import Room, all_converge
from tests.harness.client import LiveClient
from tests.harness.rest import ApiError, Json


async def read(room: Room, client: LiveClient, *messages: Json) -> Json:
    ids = [message["id"] for message in messages]
    return await client.call("mark_read", {"conversationId": room.id, "messageIds": ids})


async def test_some_ids(room: Room) -> None:
    first, second, third = await room.say(room.customer, "one", "two", "three")
    people = (room.customer, room.olivia, room.amir)
    watchers = [await room.watch(person) for person in people]
    answer = await read(room, watchers[1].client, first, third)
    assert answer == {
        "conversationId": room.id,
        "messageIds": [first["id"], third["id"]],
        "unreadCount": 1,
    }
    for watcher in watchers:  # the sender's own socket, and the other member of the business, too
        event = await watcher.client.expect("messages_read")
        assert event["messageIds"] == [first["id"], third["id"]]
        assert event["readBy"] == room.olivia.id
    await all_converge(watchers)
    history = await room.history(room.customer)
    assert [message["status"] for message in history] == ["read", "delivered", "read"]
    assert all(history[n]["readAt"] and history[n]["deliveredAt"] for n in (0, 2))
    assert second["id"] not in answer["messageIds"]


async def test_all_over_rest(room: Room) -> None:
    messages = await room.say(room.customer, "one", "two")
    customer, amir = await room.watch(room.customer), await room.watch(room.amir)
    answer = await room.olivia.rest.patch(f"{room.path}/read")
    ids = [message["id"] for message in messages]
    assert answer == {"conversationId": room.id, "messageIds": ids, "unreadCount": 0}
    for watcher in (customer, amir):
        assert (await watcher.client.expect("messages_read"))["messageIds"] == ids
    await all_converge([customer, amir])
    again = await room.olivia.rest.patch(f"{room.path}/read")
    assert (again["messageIds"], again["unreadCount"]) == ([], 0)


async def test_up_to_a_message(room: Room) -> None:
    first, second, third = await room.say(room.customer, "one", "two", "three")
    olivia = await room.watch(room.olivia)
    answer = await olivia.client.call("mark_read", {"conversationId": room.id, "seq": second["seq"]})
    ids = [first["id"], second["id"]]
    assert answer == {"conversationId": room.id, "messageIds": ids, "unreadCount": 1}
    assert (await olivia.client.expect("messages_read"))["messageIds"] == ids
    answer = await room.amir.rest.patch(f"{room.path}/read", {"seq": third["seq"]})
    assert answer == {"conversationId": room.id, "messageIds": [third["id"]], "unreadCount": 0}
    await all_converge([olivia])


async def test_a_receipt_names_ids_or_a_seq(room: Room) -> None:
    client = await room.idle(room.olivia)
    (message,) = await room.say(room.customer, "one")
    for data in ({}, {"messageIds": [message["id"]], "seq": 1}, {"seq": -1}, {"seq": "1"}):
        with pytest.raises(ApiError) as refused:
            await client.call("mark_read", {"conversationId": room.id, **data})
        assert refused.value.code == "invalid"
    with pytest.raises(ApiError) as refused:
        await room.olivia.rest.patch(f"{room.path}/read", {"seq": "last"})
    assert refused.value.code == "invalid"
    assert (await room.seen_by(room.olivia))["unreadCount"] == 1


async def test_both_sides_count_apart(room: Room) -> None:
    at_desk, at_home = await room.idle(room.amir), await room.idle(room.customer)
    await room.say(room.customer, "a", "b")
    await room.say(room.olivia, "c")
    seen = await room.seen_by(room.customer)
    assert (seen["unreadCount"], seen["customerUnreadCount"], seen["businessUnreadCount"]) == (1, 1, 2)
    seen = await room.seen_by(room.amir)
    assert (seen["unreadCount"], seen["customerUnreadCount"], seen["businessUnreadCount"]) == (2, 1, 2)

    await room.olivia.rest.patch(f"{room.path}/read")

    def is_read(data: Json) -> bool:
        return bool(data["conversationId"] == room.id and data["conversation"]["businessUnreadCount"] == 0)

    update = await at_desk.expect("conversation_updated", lambda data: is_read(data) and data["rev"] > 3)
    assert update["conversation"]["unreadCount"] == 0
    update = await at_home.expect("conversation_updated", lambda data: is_read(data) and data["rev"] > 3)
    assert update["conversation"]["unreadCount"] == 1


async def test_own_sides_messages_are_not_marked_as_read(room: Room) -> None:
    (mine,) = await room.say(room.olivia, "from the business")
    for person in (room.olivia, room.amir):
        assert (await read(room, await person.live(), mine))["messageIds"] == []
        assert (await person.rest.patch(f"{room.path}/read"))["messageIds"] == []
    assert (await room.history(room.olivia))[0]["status"] == "sent"
    assert (await room.seen_by(room.customer))["unreadCount"] == 1


async def test_ids_of_other_conversations_are_passed_over(room: Room) -> None:
    other = await Room.open(room.cast)
    (foreign,) = await other.say(other.customer, "elsewhere")
    (mine,) = await room.say(room.customer, "here")
    client = await room.olivia.live()
    answer = await read(room, client, mine, foreign, {"id": str(uuid4())})
    assert (answer["messageIds"], answer["unreadCount"]) == ([mine["id"]], 0)
    assert (await other.seen_by(other.olivia))["unreadCount"] == 1


async def test_a_status_never_goes_back(room: Room) -> None:
    (message,) = await room.say(room.customer, "seen")
    client = await room.olivia.live()
    await read(room, client, message)
    before = (await room.history(room.customer))[0]
    assert before["status"] == "read"
    late = {"conversationId": room.id, "messageIds": [message["id"]]}
    assert (await client.call("mark_delivered", late))["messageIds"] == []
    assert (await read(room, client, message))["messageIds"] == []
    await room.history(room.amir)  # a fetch delivers, but not what was read
    assert (await room.history(room.customer))[0] == before


async def test_the_limits_of_a_receipt(room: Room) -> None:
    client = await room.olivia.live()
    bad: list[tuple[list[str], str]] = [
        ([], "invalid"),
        (["no id"], "invalid"),
        ([str(uuid4()) for _ in range(501)], "too_large"),
    ]
    for event in ("mark_read", "mark_delivered"):
        for ids, code in bad:
            with pytest.raises(ApiError) as refusal:
                await client.call(event, {"conversationId": room.id, "messageIds": ids})
            assert refusal.value.code == code
        fine = {"conversationId": room.id, "messageIds": [str(uuid4()) for _ in range(500)]}
        assert (await client.call(event, fine))["messageIds"] == []
