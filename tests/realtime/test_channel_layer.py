"""The Redis channel layer keeps the specification of Channels. Two layers stand for two processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis as client
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from django.core.exceptions import ImproperlyConfigured

from chatsite.realtime.redis.layer import RedisLayer
from tests.harness.patience import patience
from tests.harness.services import Redis
from tests.realtime.test_redis_layer import until

pytestmark = pytest.mark.standalone


class Layers:
    """The layers of one test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._made: list[RedisLayer] = []

    def make(self, **options: Any) -> RedisLayer:
        layer = RedisLayer(hosts=[self.url], prefix="spec", **options)
        self._made.append(layer)
        return layer

    async def close(self) -> None:
        for layer in self._made:
            await layer.loop_layer().close()


@pytest.fixture
async def layers(redis: Redis) -> AsyncIterator[Layers]:
    layers = Layers(redis.url)
    yield layers
    await layers.close()


async def received(layer: RedisLayer, channel: str) -> Any:
    async with asyncio.timeout(patience(5)):
        return await layer.receive(channel)


async def is_empty(layer: RedisLayer, channel: str) -> bool:
    """Whether the next message is one that is sent now."""
    await layer.send(channel, {"type": "last"})
    return bool(await received(layer, channel) == {"type": "last"})


async def test_a_message_waits_for_a_receiver(layers: Layers) -> None:
    here, elsewhere = layers.make(), layers.make()
    for number in range(3):
        await elsewhere.send("work", {"type": "job", "number": number, "more": [1, None, "é", b"\0", 1.5]})
    first = await received(here, "work")
    assert first == {"type": "job", "number": 0, "more": [1, None, "é", b"\0", 1.5]}
    assert [(await received(here, "work"))["number"] for _ in range(2)] == [1, 2]


async def test_each_message_has_one_receiver(layers: Layers) -> None:
    sender, *workers = layers.make(), layers.make(), layers.make()
    taken: list[int] = []

    async def work(layer: RedisLayer) -> None:
        while True:
            taken.append((await layer.receive("work"))["number"])

    tasks = [asyncio.create_task(work(layer)) for layer in workers for _ in range(2)]
    for number in range(50):
        await sender.send("work", {"number": number})
    await until(lambda: len(taken) == 50)
    for task in tasks:
        task.cancel()
    assert sorted(taken) == list(range(50))


async def test_messages_come_in_the_order_in_which_they_were_sent(layers: Layers) -> None:
    here, elsewhere = layers.make(), layers.make()
    channel = await here.new_channel()
    await here.group_add("group", channel)
    for number in range(0, 20, 2):
        await elsewhere.send(channel, {"number": number})
        await elsewhere.group_send("group", {"number": number + 1})
    assert [(await received(here, channel))["number"] for _ in range(20)] == list(range(20))


async def test_a_full_channel_refuses_messages(layers: Layers) -> None:
    here = layers.make(capacity=3, channel_capacity={"big*": 5})
    for channel, capacity in (("small", 3), ("bigger", 5), (await here.new_channel(), 3)):
        for _ in range(capacity):
            await here.send(channel, {"type": "job"})
        with pytest.raises(ChannelFull):
            await here.send(channel, {"type": "job"})
        await received(here, channel)
        await here.send(channel, {"type": "job"})


async def test_a_full_channel_misses_messages_to_its_group(layers: Layers) -> None:
    here = layers.make(capacity=3)
    slow, quick = await here.new_channel(), await here.new_channel()
    for channel in (slow, quick, "general"):
        await here.group_add("group", channel)
    for number in range(5):
        await here.group_send("group", {"number": number})
        assert (await received(here, quick))["number"] == number
    for channel in (slow, "general"):
        assert [(await received(here, channel))["number"] for _ in range(3)] == [0, 1, 2]
        assert await is_empty(here, channel)


async def test_messages_expire(layers: Layers) -> None:
    here = layers.make(expiry=0.2)
    channel = await here.new_channel()
    await here.group_add("group", channel)
    await here.send(channel, {"type": "old"})
    await here.group_send("group", {"type": "old"})
    await here.send("general", {"type": "old"})
    await asyncio.sleep(0.3)
    assert await is_empty(here, channel)
    assert await is_empty(here, "general")


async def test_expired_messages_take_no_room(layers: Layers, redis: Redis) -> None:
    brief, lasting = layers.make(expiry=0.2, capacity=2), layers.make(capacity=2)
    await brief.send("work", {"number": 1})
    await lasting.send("work", {"number": 2})
    await asyncio.sleep(0.3)
    await lasting.send("work", {"number": 3})
    assert [(await received(lasting, "work"))["number"] for _ in range(2)] == [2, 3]
    await brief.send("work", {"number": 4})
    await asyncio.sleep(0.3)
    with client.Redis.from_url(redis.url) as connection:
        assert connection.keys("spec:channel:*") == []


async def test_a_channel_of_another_process_joins_and_leaves(layers: Layers) -> None:
    here, elsewhere = layers.make(), layers.make()
    channel = await here.new_channel()
    await elsewhere.group_add("group", channel)
    await until(lambda: channel in here.loop_layer().local.groups.get("group", ()))
    await asyncio.sleep(0.05)
    await here.group_send("group", {"type": "news"})
    assert await received(here, channel) == {"type": "news"}
    await elsewhere.group_discard("group", channel)
    await until(lambda: "group" not in here.loop_layer().local.groups)
    await here.group_send("group", {"type": "news"})
    assert await is_empty(here, channel)


async def test_a_channel_that_any_process_receives_from_is_in_a_group(layers: Layers) -> None:
    here, elsewhere = layers.make(), layers.make(group_expiry=0.3)
    await here.group_add("group", "general")
    await elsewhere.group_send("group", {"number": 1})
    assert (await received(elsewhere, "general"))["number"] == 1
    await elsewhere.group_discard("group", "general")
    await here.group_send("group", {"number": 2})
    assert await is_empty(here, "general")
    await elsewhere.group_add("group", "general")
    await asyncio.sleep(0.4)
    await here.group_send("group", {"number": 3})
    assert await is_empty(here, "general")


async def test_what_was_sent_while_redis_could_not_be_heard_is_received_later(
    layers: Layers, redis: Redis
) -> None:
    here, elsewhere = layers.make(), layers.make()
    channel = await here.new_channel()
    await here.group_add("group", channel)
    receiving = asyncio.create_task(here.receive(channel))
    await asyncio.sleep(0.1)
    with client.Redis.from_url(redis.url) as connection:
        connection.client_kill_filter(_type="pubsub")
    for number in range(3):
        await elsewhere.send(channel, {"number": number})
    async with asyncio.timeout(patience(5)):
        assert (await receiving)["number"] == 0
    assert [(await received(here, channel))["number"] for _ in range(2)] == [1, 2]
    await elsewhere.group_send("group", {"number": 3})
    assert (await received(here, channel))["number"] == 3


async def test_a_channel_that_is_not_received_from_any_more_ends(layers: Layers, redis: Redis) -> None:
    here = layers.make(expiry=0.2, group_expiry=0.2)
    used, unused, kept = [await here.new_channel() for _ in range(3)]
    keeping = asyncio.create_task(here.receive(kept))
    for channel in (used, unused, kept):
        await here.group_add("group", channel)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(here.receive(used), 0.05)
    await until(lambda: here.loop_layer().local.mailboxes.keys() == {kept})
    assert here.loop_layer().local.groups == {"group": {kept}}
    with client.Redis.from_url(redis.url) as connection:
        await until(lambda: len(connection.pubsub_channels("spec:channel:*")) == 1)
    await here.group_send("group", {"type": "news"})
    assert await asyncio.wait_for(keeping, patience(5)) == {"type": "news"}


async def test_a_flush_leaves_nothing(layers: Layers, redis: Redis) -> None:
    here = layers.make()
    channel = await here.new_channel()
    await here.group_add("group", channel)
    await here.group_add("group", "general")
    await here.send("general", {"type": "old"})
    await here.flush()
    with client.Redis.from_url(redis.url) as connection:
        assert connection.keys("*") == []
    await here.group_send("group", {"type": "old"})
    assert await is_empty(here, "general")


def test_code_without_an_event_loop_sends(redis: Redis) -> None:
    """Each call gets a loop of its own, and no connection stays behind with it."""

    async def listen(layer: RedisLayer, channel: asyncio.Future[str]) -> Any:
        name = await layer.new_channel()
        await layer.group_add("group", name)
        channel.set_result(name)
        return [await received(layer, name) for _ in range(2)]

    async def main() -> Any:
        here, elsewhere = RedisLayer(hosts=[redis.url]), RedisLayer(hosts=[redis.url])
        channel: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        listening = asyncio.create_task(listen(here, channel))
        name = await channel
        await asyncio.to_thread(send, elsewhere, name)
        return await listening

    def send(layer: RedisLayer, channel: str) -> None:
        async_to_sync(layer.send)(channel, {"number": 1})
        async_to_sync(layer.group_send)("group", {"number": 2})

    assert [message["number"] for message in asyncio.run(main())] == [1, 2]
    with client.Redis.from_url(redis.url) as connection:
        assert connection.client_list(_type="pubsub") == []


@pytest.mark.parametrize("hosts", ["redis://localhost", [], ["redis://a", "redis://b"], [7]])
def test_hosts_that_cannot_be_used_are_named(hosts: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="CHANNEL_LAYERS"):
        RedisLayer(hosts=hosts)


@pytest.mark.parametrize("form", ["url", "pair", "dict"])
async def test_hosts_have_the_forms_of_channels_redis(redis: Redis, form: str) -> None:
    host: Any = {"url": redis.url, "pair": ("127.0.0.1", redis.port), "dict": {"address": redis.url, "db": 1}}
    layer = RedisLayer(hosts=[host[form]])
    await layer.send("work", {"type": "job"})
    assert await received(layer, "work") == {"type": "job"}
    await layer.loop_layer().close()
