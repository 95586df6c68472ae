"""Every live transport sends a person's own state only to that person. A heartbeat and a sync contain it."""

from __future__ import annotations

from tests.conversations.rooms import Room
from tests.harness.mirror import Mirror
from tests.harness.rest import Json
from tests.parity.transports import TransportName, Transports

FAR = "2999-01-01T00:00:00Z"


async def mark(room: Room, seq: int) -> Json:
    answer: Json = await room.olivia.rest.patch(f"{room.path}/unread", {"seq": seq})
    return answer


async def test_every_device_of_the_person_hears_and_nobody_else(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    await room.say(room.customer, "one", "two")
    device = await transports.open(live_transport, room.olivia)
    others = [await transports.open(live_transport, person) for person in (room.amir, room.customer)]
    for client in (device, *others):
        await client.call("heartbeat")
        client.forget()
    shown = await room.olivia.rest.patch(room.path, {"pinned": True, "mutedUntil": FAR})
    told = await device.expect(
        "conversation_updated",
        lambda data: data["conversationId"] == room.id and "own" in data["conversation"],
    )
    assert told["conversation"] == shown
    for client in others:
        await client.nothing("conversation_updated", 0.2, lambda data: "own" in data["conversation"])


async def test_old_state_and_events_make_the_fresh_state(room: Room) -> None:
    await room.say(room.customer, "one", "two", "three")
    await room.olivia.rest.patch(f"{room.path}/read")
    watchers = [await room.watch(person) for person in (room.olivia, room.amir, room.customer)]
    await mark(room, 2)
    await room.olivia.rest.patch(room.path, {"mutedUntil": FAR})
    await room.say(room.customer, "four")
    fresh = await watchers[0].converges()
    assert fresh.conversation["unreadCount"] == 3
    assert fresh.conversation["own"]["unreadFrom"] == 2
    await room.amir.rest.patch(f"{room.path}/read")
    fresh = await watchers[0].converges()
    assert fresh.conversation["unreadCount"] == 2
    newest = max(fresh.messages.values(), key=lambda message: message["seq"])
    read = {"conversationId": room.id, "messageIds": [newest["id"]]}
    answer = await watchers[0].client.call("mark_read", read)
    assert answer["unreadCount"] == 0
    fresh = await watchers[0].converges()
    assert (fresh.conversation["unreadCount"], fresh.conversation["own"]["unreadFrom"]) == (0, None)
    for watcher in watchers[1:]:
        await watcher.converges()


async def test_a_lost_event_shows_in_the_heartbeat_and_sync_brings_it(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    await room.say(room.customer, "one")
    device = await transports.open(live_transport, room.olivia)
    await device.join(room.id)
    assert "stateRev" not in (await device.call("heartbeat"))["conversations"][room.id]
    await room.olivia.rest.patch(f"{room.path}/read")
    held = await Mirror.fetch(room.olivia.rest, room.id)
    await room.olivia.rest.patch(room.path, {"pinned": True})
    await mark(room, 1)
    head = (await device.call("heartbeat"))["conversations"][room.id]
    assert (head["stateRev"], head["rev"]) == (2, held.head)
    synced = await device.call("sync", {"conversations": {room.id: held.known()}})
    held.take_conversation(synced["conversations"][room.id]["conversation"])
    assert held.diff(await Mirror.fetch(room.olivia.rest, room.id)) == []
    other = await transports.open(live_transport, room.amir)
    await other.join(room.id)
    assert "stateRev" not in (await other.call("heartbeat"))["conversations"][room.id]
