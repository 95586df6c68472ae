"""The Redis channel layer follows the specification of Channels. Two layers stand for two processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis as client
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels_redis.core import RedisChannelLayer
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
            await layer.close_pools()


@pytest.fixture
async def layers(redis: Redis) -> AsyncIterator[Layers]:
    layers = Layers(redis.url)
    yield layers
    await layers.make().flush()
    await layers.close()


async def received(layer: RedisLayer, channel: str) -> Any:
    async with asyncio.timeout(patience(5)):
        return await layer.receive(channel)


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they end, because redis-py can lose a cancellation that comes beside a reply."""
    pending = {*tasks}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.5)


async def is_empty(layer: RedisLayer, channel: str) -> bool:
    """Return whether the next message is one that is sent now."""
    await layer.send(channel, {"type": "last"})
    return bool(await received(layer, channel) == {"type": "last"})


def test_the_layer_is_that_of_channels_redis() -> None:
    assert issubclass(RedisLayer, RedisChannelLayer)
    for method in ("new_channel", "send", "receive", "group_add", "group_discard", "group_send"):
        assert getattr(RedisLayer, method) is getattr(RedisChannelLayer, method)


async def test_a_message_waits_for_a_receiver(layers: Layers) -> None:
    here, elsewhere = layers.make(), layers.make()
    for number in range(3):
        await elsewhere.send("work", {"type": "job", "number": number, "more": [1, None, "é", b"\0", 1.5]})
    first = await received(here, "work")
    assert first == {"type": "job", "number": 0, "more": [1, None, "é", b"\0", 1.5]}
    assert [(await received(here, "work"))["number"] for _ in range(2)] == [1, 2]


async def test_each_message_has_one_receiver(layers: Layers) -> None:
    sender, worker = layers.make(), layers.make()
    taken: list[int] = []

    async def work() -> None:
        while True:
            taken.append((await worker.receive("work"))["number"])

    tasks = [asyncio.create_task(work()) for _ in range(4)]
    for number in range(50):
        await sender.send("work", {"number": number})
    await until(lambda: len(taken) == 50)
    async with asyncio.timeout(patience(10)):
        await stop(tasks)
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
    for channel in ("slow", "quick"):
        await here.group_add("group", channel)
    for number in range(5):
        await here.group_send("group", {"number": number})
        assert (await received(here, "quick"))["number"] == number
    assert [(await received(here, "slow"))["number"] for _ in range(3)] == [0, 1, 2]
    assert await is_empty(here, "slow")


async def test_messages_expire(layers: Layers) -> None:
    here = layers.make(expiry=1)
    channel = await here.new_channel()
    await here.group_add("group", channel)
    await here.send(channel, {"type": "old"})
    await here.group_send("group", {"type": "old"})
    await here.send("general", {"type": "old"})
    await asyncio.sleep(1.2)
    assert await is_empty(here, channel)
    assert await is_empty(here, "general")


async def test_a_channel_of_another_process_joins_and_leaves(layers: Layers) -> None:
    here, elsewhere = layers.make(), layers.make()
    channel = await here.new_channel()
    await elsewhere.group_add("group", channel)
    await here.group_send("group", {"type": "news"})
    assert await received(here, channel) == {"type": "news"}
    await elsewhere.group_discard("group", channel)
    await here.group_send("group", {"type": "news"})
    assert await is_empty(here, channel)


async def test_a_receiver_outlives_its_connection(layers: Layers, redis: Redis) -> None:
    here, elsewhere = layers.make(), layers.make()
    channel = await here.new_channel()
    receiving = asyncio.create_task(here.receive(channel))
    with client.Redis.from_url(redis.url) as connection:
        await until(lambda: bool(connection.info("clients")["blocked_clients"]))
        connection.client_kill_filter(_type="normal", skipme=True)
    await elsewhere.send(channel, {"number": 1})
    async with asyncio.timeout(patience(5)):
        assert (await receiving)["number"] == 1


async def test_a_receiver_waits_longer_than_one_command(layers: Layers) -> None:
    """redis-py stops waiting on a socket after 5 seconds by default, which is as long as one command of `receive`
    takes.
    """
    here = layers.make()
    receiving = asyncio.create_task(here.receive("work"))
    await asyncio.sleep(5.5)
    assert not receiving.done()
    await here.send("work", {"type": "job"})
    async with asyncio.timeout(patience(5)):
        assert await receiving == {"type": "job"}


async def test_a_flush_deletes_the_layers_keys_and_no_others(layers: Layers, redis: Redis) -> None:
    here = layers.make()
    await here.group_add("group", "general")
    await here.send("general", {"type": "old"})
    with client.Redis.from_url(redis.url) as connection:
        connection.set("spec:presence", "kept")
        await here.flush()
        assert connection.keys("*") == [b"spec:presence"]
        connection.delete("spec:presence")
    await here.group_send("group", {"type": "old"})
    assert await is_empty(here, "general")


def test_code_without_an_event_loop_sends(redis: Redis) -> None:
    """Each call gets a new event loop, and leaves no connection open."""

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

    with client.Redis.from_url(redis.url) as connection:
        before = len(connection.client_list(_type="normal"))
        assert [message["number"] for message in asyncio.run(main())] == [1, 2]
        assert len(connection.client_list(_type="normal")) == before


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
    await layer.close_pools()
