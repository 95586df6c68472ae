"""The live client against a small scripted server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.harness.client import LiveClient, LiveClosed
from tests.harness.rest import ApiError

pytestmark = pytest.mark.standalone


async def parrot(connection: ServerConnection) -> None:
    """Ack with the data itself. First push it for `push`. Answer an error for `refuse`, and close for `leave`."""
    async for text in connection:
        frame = json.loads(text)
        if frame["event"] == "leave":
            await connection.close(4008, "slow reader")
            return
        if frame["event"] == "push":
            await connection.send(json.dumps({"event": "pushed", "data": frame["data"]}))
        if frame["event"] == "refuse":
            answer = {"event": "error", "data": {"code": "not_found", "message": "No such thing."}}
        else:
            answer = {"event": "ack", "data": frame["data"]}
        if "ref" in frame:
            await connection.send(json.dumps({**answer, "ref": frame["ref"]}))


@pytest.fixture
async def client() -> AsyncIterator[LiveClient]:
    async with serve(parrot, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with await LiveClient.open(f"ws://127.0.0.1:{port}/chat", "token") as opened:
            yield opened


async def test_each_call_gets_its_own_answer(client: LiveClient) -> None:
    calls = [client.begin("echo", {"number": number}) for number in range(20)]
    assert [(await call)["number"] for call in calls] == list(range(20))
    assert client.events == []


async def test_an_error_answer_is_raised(client: LiveClient) -> None:
    with pytest.raises(ApiError) as refusal:
        await client.call("refuse")
    assert refusal.value.code == "not_found"


async def test_a_push_is_kept_until_it_is_expected_and_then_gone(client: LiveClient) -> None:
    await client.call("push", {"number": 1})
    await client.call("push", {"number": 2})
    assert await client.expect("pushed", lambda data: data["number"] == 2) == {"number": 2}
    assert await client.expect("pushed") == {"number": 1}
    await client.nothing("pushed", within=0)
    assert [frame.data["number"] for frame in client.events] == [1, 2]


async def test_a_push_that_still_comes_is_waited_for(client: LiveClient) -> None:
    await client.send("push", {"number": 3})
    assert await client.expect("pushed") == {"number": 3}


async def test_a_missing_result_fails_with_the_received_ones(client: LiveClient) -> None:
    await client.call("push", {})
    with pytest.raises(AssertionError, match=r"no other .*pushed"):
        await client.expect("other", timeout=0.05)
    with pytest.raises(AssertionError, match="unwanted pushed"):
        await client.nothing("pushed", within=0)


async def test_a_closed_socket_ends_every_wait(client: LiveClient) -> None:
    call = client.begin("leave")
    with pytest.raises(LiveClosed) as closed:
        await client.expect("pushed")
    assert closed.value.code == 4008
    assert await client.closed() == 4008
    for waiting in (call, client.begin("echo")):
        with pytest.raises(LiveClosed):
            await waiting
