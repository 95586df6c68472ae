"""A host project's own consumers and `group_send` work with the chat's channel layer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import channel_layers, get_channel_layer
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from tests.harness.patience import patience
from tests.harness.services import Redis

pytestmark = pytest.mark.django_db(transaction=True)  # Channels closes old connections after each message

BAD_NAMES = ["", "with space", "ünicode", "x" * 100, 7]


class OrderConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    groups = ["orders"]

    async def order_placed(self, event: dict[str, Any]) -> None:
        await self.send_json({"order": event["number"]})


@pytest.fixture
async def elsewhere(redis: Redis, settings: Settings) -> AsyncIterator[Any]:
    """The layer of another process. This process has the default one."""
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chatsite.realtime.redis.layer.RedisLayer",
            "CONFIG": {"hosts": [redis.url], "prefix": "host"},
        }
    }
    layer: Any = channel_layers.make_backend("default")
    yield layer
    await layer.flush()
    here: Any = get_channel_layer()
    await here.flush()


async def test_a_group_send_of_another_process_reaches_a_consumer(elsewhere: Any) -> None:
    browser = WebsocketCommunicator(OrderConsumer.as_asgi(), "/orders")
    assert (await browser.connect(timeout=patience(5)))[0]
    await elsewhere.group_send("orders", {"type": "order.placed", "number": 17})
    assert await browser.receive_json_from(timeout=patience(5)) == {"order": 17}
    await browser.disconnect()


async def test_a_message_to_a_channel_reaches_only_that_channel(elsewhere: Any) -> None:
    here: Any = get_channel_layer()
    mine, other = await here.new_channel(), await here.new_channel()
    await here.group_add("orders", mine)
    await here.group_add("orders", other)
    await here.group_discard("orders", other)
    await elsewhere.group_send("orders", {"type": "order.placed", "number": 1})
    await elsewhere.send(other, {"type": "order.placed", "number": 2})
    assert (await here.receive(mine))["number"] == 1
    assert (await here.receive(other))["number"] == 2


@pytest.mark.parametrize("name", BAD_NAMES)
async def test_names_that_channels_forbids_are_refused(elsewhere: Any, name: Any) -> None:
    channel = await elsewhere.new_channel()
    for refused in (
        elsewhere.send(name, {"type": "x"}),
        elsewhere.group_send(name, {"type": "x"}),
        elsewhere.group_add(name, channel),
        elsewhere.group_discard(name, channel),
    ):
        with pytest.raises(TypeError):
            await refused
