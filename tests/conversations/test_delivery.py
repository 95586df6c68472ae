"""A message is delivered when a live socket of the other side receives it or the other side fetches it."""

from __future__ import annotations

from tests.conversations.rooms import Room, all_converge
from tests.harness.rest import Json


async def test_a_live_hand_over_delivers(room: Room) -> None:
    customer, olivia = await room.watch(room.customer), await room.watch(room.olivia)
    ack = await room.send(customer.client, "there?")
    assert ack["message"]["status"] == "sent"
    for watcher in (customer, olivia):
        event = await watcher.client.expect("messages_delivered")
        assert event["messageIds"] == [ack["message"]["id"]]
        assert event["deliveredAt"]
    await all_converge([customer, olivia])
    stored = (await room.history(room.customer))[0]
    assert (stored["status"], stored["readAt"]) == ("delivered", None)


async def test_the_senders_own_side_delivers_nothing(room: Room) -> None:
    olivia, amir = await room.watch(room.olivia), await room.watch(room.amir)
    second_device = await room.join(room.olivia)
    await room.send(olivia.client, "note")
    await second_device.expect("new_message")
    await amir.client.expect("new_message")
    await amir.client.nothing("messages_delivered")
    assert (await room.history(room.amir))[0]["status"] == "sent"


async def test_a_preview_delivers_nothing(room: Room) -> None:
    at_home = await room.idle(room.olivia)
    (message,) = await room.say(room.customer, "not opened yet")
    await at_home.expect("conversation_updated", lambda data: data["conversationId"] == room.id)
    await at_home.nothing("messages_delivered")
    assert (await room.history(room.customer))[0]["id"] == message["id"]
    assert (await room.history(room.customer))[0]["status"] == "sent"


async def test_a_fetch_delivers_and_answers_the_new_state(room: Room) -> None:
    customer = await room.watch(room.customer)
    sent = await room.say(room.customer, "one", "two")
    page = await room.olivia.rest.get(f"{room.path}/messages")
    assert [row["status"] for row in page["results"]] == ["delivered", "delivered"]
    event = await customer.client.expect("messages_delivered")
    assert event["messageIds"] == [message["id"] for message in sent]
    assert {row["rev"] for row in page["results"]} == {event["rev"]}
    fresh = await customer.converges()
    assert fresh.ordered() == page["results"]


async def test_a_fetch_delivers_its_page_only(room: Room) -> None:
    await room.say(room.customer, "one", "two", "three")
    await room.olivia.rest.get(f"{room.path}/messages", limit=1)
    assert [row["status"] for row in await room.history(room.customer)] == ["sent", "sent", "delivered"]


async def test_a_sync_delivers_and_answers_the_new_state(room: Room) -> None:
    customer = await room.watch(room.customer)
    await room.say(room.customer, "one", "two")
    client = await room.olivia.live()
    answer = await client.call("sync", {"conversations": {room.id: 0}})
    part: Json = answer["conversations"][room.id]
    assert [row["status"] for row in part["messages"]] == ["delivered", "delivered"]
    await customer.client.expect("messages_delivered")
    fresh = await customer.converges()
    assert fresh.ordered() == sorted(part["messages"], key=lambda row: row["seq"])
    assert fresh.conversation["rev"] == part["conversation"]["rev"]


async def test_a_client_may_say_so_itself(room: Room) -> None:
    customer = await room.watch(room.customer)
    (message,) = await room.say(room.customer, "pushed to a phone")
    client = await room.olivia.live()
    data = {"conversationId": room.id, "messageIds": [message["id"]]}
    answer = await client.call("mark_delivered", data)
    assert answer == {"conversationId": room.id, "messageIds": [message["id"]]}
    await customer.client.expect("messages_delivered")
    await customer.converges()
    assert (await client.call("mark_delivered", data))["messageIds"] == []


async def test_an_unread_count_is_of_reading_and_not_of_delivery(room: Room) -> None:
    await room.say(room.customer, "one")
    await room.history(room.olivia)
    assert (await room.seen_by(room.olivia))["unreadCount"] == 1
