"""Redis stops and starts again."""

from __future__ import annotations

import asyncio

from tests.conversations.rooms import Room

AN_HOUR_AGO = """
from datetime import timedelta
from django.utils import timezone
from conversations.models import Conversation
Conversation.objects.filter(pk="{key}").update(updated_at=timezone.now() - timedelta(hours=1))
"""


async def test_sends_go_on_and_everybody_catches_up(fragile_services_room: Room) -> None:
    room = fragile_services_room
    redis = room.cast.stage.deployment.redis
    assert redis is not None
    sender, neighbour = await room.join(room.customer, 0), await room.watch(room.olivia, 0)
    elsewhere = [await room.watch(room.amir, 1), await room.watch(room.customer, 2)]
    await room.send(sender, "before")
    for watcher in [neighbour, *elsewhere]:
        await watcher.client.expect("new_message")
    redis.stop()
    try:
        acks = await asyncio.gather(*(room.begin_send(sender, f"during {n}") for n in range(30)))
        for ack in acks:
            got = await neighbour.client.expect("new_message", timeout=3)
            assert got["message"]["id"] == ack["message"]["id"]
        for watcher in elsewhere:
            await watcher.client.nothing("new_message", within=0.1)
        over_rest = await room.say(room.customer, "over REST")
        assert over_rest[0]["seq"] == 32
    finally:
        redis.start()
    head = (await room.seen_by(room.customer))["rev"]
    for watcher in elsewhere:
        await watcher.catches_up(head)
    await neighbour.client.expect("new_message", lambda data: data["message"]["content"] == "over REST")


async def test_afterwards_everything_is_as_before(fragile_services_room: Room) -> None:
    """This includes a socket that joined during the outage."""
    room = fragile_services_room
    redis = room.cast.stage.deployment.redis
    assert redis is not None
    early = await room.watch(room.olivia, 1)
    redis.stop()
    try:
        late = await room.watch(room.amir, 2)
        await room.say(room.customer, "in between")
    finally:
        redis.start()
    for watcher in (early, late):
        await watcher.catches_up((await room.seen_by(room.customer))["rev"])
    (message,) = await room.say(room.customer, "after")
    for watcher in (early, late):
        await watcher.client.expect("new_message", lambda data: data["message"]["id"] == message["id"])
        await watcher.converges()


async def test_sockets_that_joined_nothing_get_it_too(fragile_services_room: Room) -> None:
    """Lists and unread badges are updated after the outage."""
    room = fragile_services_room
    redis = room.cast.stage.deployment.redis
    assert redis is not None
    idle = await room.idle(room.olivia, 1)
    redis.stop()
    try:
        await room.say(room.customer, "unheard elsewhere")
    finally:
        redis.start()
    update = await idle.expect(
        "conversation_updated", lambda data: data["conversationId"] == room.id, timeout=15
    )
    assert update["conversation"]["unreadCount"] == 1


async def test_an_archive_reaches_the_other_devices(fragile_services_room: Room) -> None:
    """The conversation itself has not changed for a long time."""
    room = fragile_services_room
    redis = room.cast.stage.deployment.redis
    assert redis is not None
    room.cast.stage.deployment.shell(AN_HOUR_AGO.format(key=room.id))
    idle = await room.idle(room.customer, 1)
    redis.stop()
    try:
        await room.customer.rest.patch(room.path, {"archived": True})
    finally:
        redis.start()
    update = await idle.expect(
        "conversation_updated", lambda data: data["conversationId"] == room.id, timeout=15
    )
    assert update["conversation"]["archived"] is True
