"""After Redis loses its data, used tickets and tokens stay used on every process, because the database has them."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable

import pytest
import redis

from tests.attack.sockets import Wire
from tests.browser.hosts import WidgetShop
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.client import LiveClient, LiveClosed
from tests.harness.rest import ApiError, RestClient
from tests.harness.servers import Server

OpenSocket = Callable[[Server, str], Awaitable[str]]


async def empty_redis(deployment: Deployment) -> None:
    def flush() -> None:
        assert deployment.redis is not None
        with redis.Redis.from_url(deployment.redis.url) as client:
            client.flushall()

    await asyncio.to_thread(flush)


async def native(server: Server, ticket: str) -> str:
    """Open a socket with the ticket. Return the refusal, or "" if it opened."""
    live = await LiveClient.open(f"{server.live_url}?ticket={ticket}", auth="none")
    try:
        await live.call("heartbeat")
        return ""
    except LiveClosed as closed:
        return closed.reason
    finally:
        await live.close()


async def socketio(server: Server, ticket: str) -> str:
    async with await Wire.open("socketio", server) as wire:
        await wire.socket.send("40/chat," + json.dumps({"ticket": ticket}))
        text = str(await wire.socket.recv())
        return "" if text.startswith("40/chat") else str(json.loads(text[8:])["message"])


@pytest.mark.parametrize("open_socket", [native, socketio])
async def test_a_used_ticket_opens_no_second_socket(
    services: Deployment, services_cast: Cast, open_socket: OpenSocket
) -> None:
    ticket = (await services_cast.carol.rest.post("/auth/ws-ticket"))["ticket"]
    assert await open_socket(services.server(0), ticket) == ""
    await empty_redis(services)
    for server in services.servers:
        assert await open_socket(server, ticket) == "The ticket has been used already."


async def test_a_used_widget_token_signs_nobody_in_again(services: Deployment) -> None:
    shop = WidgetShop.make(services)
    token = shop.sign(secrets.token_hex(4), "Ada")
    async with RestClient(services.server(0).url) as rest:
        await rest.post("/widget/sessions", {"token": token})
    await empty_redis(services)
    for server in services.servers:
        async with RestClient(server.url) as rest:
            with pytest.raises(ApiError) as refusal:
                await rest.post("/widget/sessions", {"token": token})
        assert refusal.value.code == "unauthenticated"
