"""`sync` returns everything that a client has missed, without gaps."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.conversations.rooms import Room, Watcher
from tests.harness.client import LiveClient
from tests.harness.mirror import Mirror
from tests.harness.rest import ApiError, Json


async def sync(client: LiveClient, **conversations: int) -> Json:
    return await client.call("sync", {"conversations": conversations})


async def come_back(watcher: Watcher, server: int | None = None) -> Json:
    """Reconnect, join, and add the answer of `sync` to the known state. Return the conversation's part."""
    room_id, known = watcher.mirror.conversation["id"], watcher.mirror
    watcher.client = await watcher.person.live(server)
    await watcher.client.join(room_id)
    part: Json = (await sync(watcher.client, **{room_id: known.head}))["conversations"][room_id]
    known.take_conversation(part["conversation"])
    for message in part.get("messages", []):
        known.take_message(message)
    known.base = known.head  # everything up to here is known
    return part


async def test_whatever_happened_while_away(room: Room) -> None:
    first, second, _ = await room.say(room.customer, "edit me", "delete me", "read me")
    away = await room.watch(room.customer)
    away.mirror.apply_all(away.client.events)
    await away.client.close()
    await room.customer.rest.patch(f"/chat/messages/{first['id']}", {"content": "edited"})
    await room.customer.rest.delete(f"/chat/messages/{second['id']}")
    await room.say(room.olivia, "an answer", "another")
    await room.olivia.rest.patch(f"{room.path}/read")

    part = await come_back(away, 1)
    changed = {message["seq"]: message for message in part["messages"]}
    assert changed.keys() == {1, 2, 3, 4, 5}
    assert (changed[1]["content"], changed[1]["status"]) == ("edited", "read")
    assert (changed[2]["content"], bool(changed[2]["deletedAt"])) == ("", True)
    assert changed[3]["status"] == "read"
    assert part["resync"] is False
    await away.converges()


async def test_only_changed_messages(room: Room) -> None:
    messages = await room.say(room.customer, *(f"m{n}" for n in range(5)))
    client = await room.customer.live()
    await room.customer.rest.patch(f"/chat/messages/{messages[1]['id']}", {"content": "edited"})
    answer = await sync(client, **{room.id: 5})
    assert [message["seq"] for message in answer["conversations"][room.id]["messages"]] == [2]
    answer = await sync(client, **{room.id: 6})
    part = answer["conversations"][room.id]
    assert (part["messages"], part["resync"]) == ([], False)
    assert part["conversation"]["rev"] == 6


async def test_while_both_sides_keep_talking(room: Room) -> None:
    """A client that reconnects to different processes meanwhile has the state of a fresh fetch in the end."""
    away, olivia = await room.watch(room.customer), await room.join(room.olivia)
    sends = []
    for turn in range(6):
        sends += [room.begin_send(olivia, f"t{turn}-{number}") for number in range(20)]
        await asyncio.sleep(0.02)
        away.mirror.apply_all(away.client.events)
        known = contiguous(away.mirror)
        away.mirror.head = max(rev for rev in away.mirror.revs if rev <= known)
        away.client.abort()
        await come_back(away, turn)
    await asyncio.gather(*sends)
    away.mirror.apply_all(away.client.events)
    await away.converges()


def contiguous(mirror: Mirror) -> int:
    """Return the highest rev below which none is missing."""
    rev = mirror.base
    while rev + 1 in mirror.revs:
        rev += 1
    mirror.base = rev
    mirror.revs.add(rev)
    return rev


async def test_past_five_hundred_changes_it_says_so(room: Room) -> None:
    client = await room.customer.live()
    for start in range(0, 501, 100):
        count = min(100, 501 - start)
        await asyncio.gather(*(room.begin_send(client, f"m{start + n}") for n in range(count)))
    part = (await sync(client, **{room.id: 0}))["conversations"][room.id]
    assert (part["messages"], part["resync"]) == ([], True)
    assert part["conversation"]["lastSeq"] == 501
    part = (await sync(client, **{room.id: 1}))["conversations"][room.id]
    assert [message["seq"] for message in part["messages"]] == list(range(2, 502))


async def test_conversations_of_others_are_left_out(room: Room) -> None:
    other = await Room.open(room.cast)
    await other.say(other.customer, "private")
    client = await room.customer.live()
    answer = await sync(client, **{room.id: 0, other.id: 0, str(uuid4()): 0, "no id": 0})
    assert answer["conversations"].keys() == {room.id}
    member = await room.olivia.live()
    assert (await sync(member, **{room.id: 0, other.id: 0}))["conversations"].keys() == {room.id, other.id}


@pytest.mark.parametrize("rev", [-1, -(10**30), 10**18, 2**63, 10**30])
async def test_odd_revs(room: Room, rev: int) -> None:
    await room.say(room.customer, "hello")
    client = await room.customer.live()
    part = (await sync(client, **{room.id: rev}))["conversations"][room.id]
    assert len(part.get("messages", [])) == (1 if rev < 0 else 0)


@pytest.mark.parametrize("above", [1, 10**6, 2**63])
async def test_a_client_with_a_higher_rev_than_the_server_fetches_again(room: Room, above: int) -> None:
    await room.say(room.customer, "hello")
    client = await room.customer.live()
    for known, resync in ((1, False), (1 + above, True)):
        part = (await sync(client, **{room.id: known}))["conversations"][room.id]
        assert (part["messages"], part["resync"]) == ([], resync)


async def test_notifications_that_the_server_never_had(room: Room) -> None:
    client = await room.customer.live()
    answer = await client.call("sync", {"conversations": {}, "notificationsAfter": "1000000"})
    assert answer["notificationsResync"] is True


async def test_unread_counts_come_along(room: Room) -> None:
    await room.say(room.olivia, "one", "two")
    answer = await sync(await room.customer.live())
    assert answer["unread"] == {"total": 2, "conversations": {room.id: 2}}


async def test_too_many_conversations(room: Room) -> None:
    client = await room.customer.live()
    ids = {str(uuid4()): 0 for _ in range(201)}
    with pytest.raises(ApiError) as refusal:
        await sync(client, **ids)
    assert (refusal.value.code, refusal.value.details["limit"]) == ("too_large", 200)
    ids.popitem()
    assert (await sync(client, **ids))["conversations"] == {}


async def test_a_heartbeat_answers_the_revs_of_joined_conversations(room: Room) -> None:
    client, other = await room.join(room.customer), await Room.open(room.cast)
    assert (await client.call("heartbeat"))["conversations"] == {room.id: {"lastSeq": 0, "rev": 0}}
    await room.say(room.olivia, "one", "two")
    await client.expect("messages_delivered")
    await room.customer.rest.patch(f"{room.path}/read")
    head = await room.seen_by(room.customer)
    beat = await client.call("heartbeat")
    assert beat["conversations"] == {room.id: {"lastSeq": 2, "rev": head["rev"]}}
    assert other.id not in beat["conversations"]
    assert beat["serverTime"].endswith("Z")
