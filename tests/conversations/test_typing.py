"""Who is typing."""

from __future__ import annotations

import asyncio
import time

from tests.conversations.rooms import Room
from tests.harness.client import LiveClient
from tests.harness.rest import Json

TYPING_SECONDS = 6
REPEAT_SECONDS = 1  # in which a start is told once


async def start(room: Room, client: LiveClient) -> None:
    answer = await client.call("typing_start", {"conversationId": room.id})
    assert answer == {"conversationId": room.id, "isTyping": True}


async def hears(room: Room, client: LiveClient, is_typing: bool, timeout: float = 5) -> None:
    event = await client.expect("user_typing", lambda data: data["isTyping"] is is_typing, timeout)
    assert event == {"conversationId": room.id, "userId": room.customer.id, "isTyping": is_typing}


async def test_others_see_it_and_the_typists_own_devices_do_not(room: Room) -> None:
    typist, other_device = await room.join(room.customer, 0), await room.join(room.customer, 1)
    olivia, amir = await room.join(room.olivia), await room.join(room.amir)
    not_joined = await room.idle(room.olivia)
    await start(room, typist)
    for client in (olivia, amir):
        await hears(room, client, True)
    answer = await typist.call("typing_stop", {"conversationId": room.id})
    assert answer == {"conversationId": room.id, "isTyping": False}
    for client in (olivia, amir):
        await hears(room, client, False)
    for client in (typist, other_device, not_joined):
        await client.nothing("user_typing", within=0.1)


async def test_it_ends_by_itself(room: Room) -> None:
    typist, olivia = await room.join(room.customer), await room.join(room.olivia)
    began = time.monotonic()
    await start(room, typist)
    await hears(room, olivia, True)
    await hears(room, olivia, False, timeout=TYPING_SECONDS + 2)
    assert time.monotonic() - began >= TYPING_SECONDS
    await olivia.nothing("user_typing", within=0.2)


async def test_a_repeated_start_keeps_typing_alive_without_an_event(room: Room) -> None:
    typist, olivia = await room.join(room.customer), await room.join(room.olivia)
    began = time.monotonic()
    for _ in range(5):
        await start(room, typist)
    took = time.monotonic() - began
    await hears(room, olivia, True)
    await asyncio.sleep(3)  # half of the remaining time, for a slow machine
    again = time.monotonic()
    await start(room, typist)
    await hears(room, olivia, True)
    await hears(room, olivia, False, timeout=TYPING_SECONDS + 2)
    assert time.monotonic() - again >= TYPING_SECONDS
    told = [frame.data["isTyping"] for frame in olivia.events if frame.event == "user_typing"]
    assert told == [*[True] * (len(told) - 1), False]
    assert 3 <= len(told) <= 3 + took // REPEAT_SECONDS


async def test_a_send_ends_it_before_the_message_comes(room: Room) -> None:
    typist, olivia = await room.join(room.customer), await room.join(room.olivia)
    await start(room, typist)
    await hears(room, olivia, True)
    await room.send(typist, "done")
    await hears(room, olivia, False)
    await olivia.expect("new_message")
    names = [frame.event for frame in olivia.events if frame.event in {"user_typing", "new_message"}]
    assert names == ["user_typing", "user_typing", "new_message"]


async def test_leaving_ends_it(room: Room) -> None:
    typist, olivia = await room.join(room.customer), await room.join(room.olivia)
    began = time.monotonic()
    await start(room, typist)
    await typist.call("leave_conversation", {"conversationId": room.id})
    await hears(room, olivia, True)
    await hears(room, olivia, False)
    assert time.monotonic() - began < TYPING_SECONDS, "it ended by itself"


async def test_a_lost_connection_ends_it(room: Room) -> None:
    typist, olivia = await room.join(room.customer), await room.join(room.olivia)
    began = time.monotonic()
    await start(room, typist)
    await hears(room, olivia, True)
    typist.abort()
    await hears(room, olivia, False)
    assert time.monotonic() - began < TYPING_SECONDS, "it ended by itself"


async def test_it_is_not_stored_and_takes_no_rev(room: Room) -> None:
    before = await room.seen_by(room.customer)
    await start(room, await room.join(room.customer))
    assert await room.seen_by(room.customer) == before


async def test_a_member_is_seen_typing_by_the_customer(room: Room) -> None:
    customer, olivia = await room.join(room.customer), await room.join(room.olivia)
    await olivia.call("typing_start", {"conversationId": room.id})
    event: Json = await customer.expect("user_typing")
    assert (event["userId"], event["isTyping"]) == (room.olivia.id, True)


async def test_one_device_that_stops_leaves_the_other_typing(room: Room) -> None:
    phone, laptop = await room.join(room.customer, 0), await room.join(room.customer, 1)
    watchers = [await room.join(room.olivia, 0), await room.join(room.amir, 1)]
    for device in (phone, laptop):
        await start(room, device)
        for watcher in watchers:
            await hears(room, watcher, True)
    await phone.call("typing_stop", {"conversationId": room.id})
    for watcher in watchers:
        await watcher.nothing("user_typing", within=0.3)
    await laptop.close()
    for watcher in watchers:
        await hears(room, watcher, False)
