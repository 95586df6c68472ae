"""A command that cannot be answered ends after a limited number of attempts, and the next one runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from business_chat_client import ChatClient, ChatError
from tests.client_python.server import ROOM, ScriptedServer
from tests.harness.patience import patience
from tests.harness.rest import Json

pytestmark = pytest.mark.standalone


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


def connect(server: ScriptedServer, answer_within: float = 15.0) -> ChatClient:
    return ChatClient(server.url, access="token", trust_env=False, answer_within=answer_within)


def sends(server: ScriptedServer, content: str) -> int:
    return sum(event == "send_message" and data["content"] == content for event, data in server.received)


async def test_a_send_without_an_answer_ends_and_the_next_goes_on(server: ScriptedServer) -> None:
    server.commands["send_message"] = lambda socket, data: (
        None if data["content"] == "bad" else server.send(socket, data)
    )
    async with asyncio.timeout(patience(20)), connect(server, answer_within=0.2) as client:
        conversation = await client.join(ROOM)
        bad, good = await asyncio.gather(
            conversation.send("bad"), conversation.send("good"), return_exceptions=True
        )
    assert isinstance(bad, ChatError)
    assert bad.code == "timeout"
    assert not isinstance(good, BaseException)
    assert good.content == "good"
    assert sends(server, "bad") == 4


@pytest.mark.parametrize(
    ("close_code", "code"), [(1009, "too_large"), (3009, "too_large"), (1007, "invalid")]
)
async def test_a_frame_that_closes_the_socket_is_not_sent_for_ever(
    server: ScriptedServer, close_code: int, code: str
) -> None:
    closing: list[asyncio.Task[None]] = []

    def close(socket: Any, data: Json) -> None:
        closing.append(asyncio.create_task(socket.close(close_code)))

    server.commands["send_message"] = close
    async with asyncio.timeout(patience(20)), connect(server) as client:
        conversation = await client.join(ROOM)
        with pytest.raises(ChatError) as refused:
            await conversation.send("bad")
        assert refused.value.code == code
        assert sends(server, "bad") == 2
        server.commands["send_message"] = server.send
        assert (await conversation.send("good")).seq == 1


async def test_an_error_without_a_ref_is_the_answer_to_the_only_call(server: ScriptedServer) -> None:
    telling: list[asyncio.Task[None]] = []

    def refuse(socket: Any, data: Json) -> None:
        frame = {"event": "error", "data": {"code": "invalid", "message": "unreadable"}}
        telling.append(asyncio.create_task(socket.send(json.dumps(frame))))

    server.commands["send_message"] = refuse
    async with asyncio.timeout(patience(10)), connect(server) as client:
        conversation = await client.join(ROOM)
        with pytest.raises(ChatError, match="invalid"):
            await conversation.send("bad")
    assert sends(server, "bad") == 1
