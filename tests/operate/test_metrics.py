"""`/metrics` counts each event once, over all processes."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from chatsite.identity.throttles import Attempt
from chatsite.observability.metrics import measures
from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.client import LiveClient
from tests.harness.rest import ApiError, RestClient, eventually
from tests.operate.reading import Growth, scrape


async def test_messages_acks_and_deliveries(observed: Deployment, room: Room) -> None:
    sender, reader = await room.join(room.customer), await room.join(room.olivia)
    growth = Growth(observed)
    await asyncio.gather(*(room.begin_send(sender, f"message {n}", f"id-{n}") for n in range(20)))
    await room.send(sender, "again", "id-3")
    await room.say(room.olivia, "over REST")
    for _ in range(21):
        await reader.expect("new_message")
    ids = [frame.data["message"]["id"] for frame in reader.events if frame.event == "new_message"]
    await reader.call("mark_read", {"conversationId": room.id, "messageIds": ids[:5]})

    async def delivered() -> bool:
        return growth.now()["chat_delivery_seconds_count"] >= 20

    await eventually(delivered, "20 deliveries")  # they are collected for a moment before they are counted
    grown = await growth.becomes(
        {
            "chat_messages_committed_total": 21,
            "chat_messages_repeated_total": 1,
            'chat_commands_total{event="send_message"}': 21,
            "chat_ack_seconds_count": 21,
            'chat_receipts_committed_total{status="read"}': 5,
        }
    )
    assert grown["chat_ack_seconds_sum"] > 0
    assert 0 < grown["chat_writer_batch_changes_count"] <= grown["chat_writer_batch_changes_sum"]
    assert 0 <= grown["chat_delivery_seconds_sum"] < 20
    if observed.redis is not None:
        assert grown["chat_layer_published_total"] >= 1
        assert 0 < grown["chat_layer_pipelines_total"] <= grown["chat_layer_published_total"]


async def test_sockets_and_sessions_by_transport(observed: Deployment, room: Room) -> None:
    growth = Growth(observed)
    client = await room.idle(room.customer)
    await room.join(room.olivia)
    expected = {'chat_sessions{transport="native"}': 2.0, "chat_joined": 1, "chat_presence_connections": 2}
    grown = await growth.becomes({**expected, 'chat_sockets_opened_total{transport="native"}': 2})
    assert grown["chat_groups"] >= 2
    await client.close()
    await growth.becomes({'chat_sessions{transport="native"}': 1, "chat_presence_connections": 1})


async def test_errors_by_command_and_code(observed: Deployment, room: Room) -> None:
    client = await room.idle(room.customer)
    growth = Growth(observed)
    with pytest.raises(ApiError):
        await client.call("send_message", {"conversationId": room.id, "content": " "})
    with pytest.raises(ApiError):
        await client.call("join_conversation", {"conversationId": "0" * 32})
    for number in range(3):
        with pytest.raises(ApiError):
            await client.call(f"made_up_{number}")
    await client.send_raw("no JSON")
    await client.expect("error")
    grown = await growth.becomes(
        {
            'chat_command_errors_total{code="invalid",event="send_message"}': 1,
            'chat_command_errors_total{code="not_found",event="join_conversation"}': 1,
            'chat_command_errors_total{code="unknown_event",event="none"}': 3,
            'chat_command_errors_total{code="invalid",event="none"}': 1,
        }
    )
    assert not [key for key in grown if "made_up" in key]  # clients cannot create labels


async def test_logins(observed: Deployment) -> None:
    growth = Growth(observed)
    async with RestClient(observed.server(0).url) as client:
        await client.login("carol", "demo-pass-1")
        await client.post("/auth/token/refresh", {"refresh": client.refresh})
        with pytest.raises(ApiError):
            await client.login("nobody-of-the-metrics", "wrong")
    await growth.becomes(
        {
            'chat_logins_total{kind="password",outcome="ok"}': 1,
            'chat_logins_total{kind="password",outcome="refused"}': 1,
            'chat_logins_total{kind="refresh",outcome="ok"}': 1,
        }
    )


def test_throttled_attempts() -> None:
    subject, before = uuid4().hex, measures.rate_limited.values.get(("login_account",), 0)
    tries = [Attempt("login_account", subject).wait for _ in range(13)]
    throttled = sum(wait > 0 for wait in tries)
    assert throttled >= 1  # three, unless the minute ended meanwhile
    assert measures.rate_limited.values["login_account",] == before + throttled


async def test_requests_by_route_and_sessions_closed(observed: Deployment, room: Room) -> None:
    growth = Growth(observed)
    await room.seen_by(room.customer)
    await room.history(room.customer)
    socket = await LiveClient.open(observed.server(0).live_url, auth="none")
    await socket.send_raw("x" * 70_000)
    assert await socket.closed() == 1009
    await growth.becomes(
        {
            'chat_http_requests_total{method="GET",route="chat/conversations/{pk}",status="200"}': 1,
            'chat_http_requests_total{method="GET",route="chat/conversations/{pk}/messages",status="200"}': 1,
        }
    )


def test_the_process_and_its_pool(observed: Deployment) -> None:
    numbers = scrape(observed)
    assert numbers["process_resident_memory_bytes"] > 10_000_000
    assert numbers["chat_loop_lag_seconds_count"] > 0
    assert numbers["chat_layer_up"] == numbers["chat_presence_up"] == len(observed.servers)
    if observed.flavour == "services":
        assert numbers['chat_database_pool{state="most"}'] == 16 * len(observed.servers)
        assert numbers['chat_database_pool{state="open"}'] >= 2
    else:
        assert not [key for key in numbers if key.startswith("chat_database_pool")]
