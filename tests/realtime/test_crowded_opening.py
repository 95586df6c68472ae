"""When many sockets open at once, their users are looked up a few at a time, and not for sockets that have closed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest

from chatsite.errors import DomainError
from chatsite.realtime.runtime import OPENINGS, ProcessRuntime
from chatsite.realtime.transports.socketio.engine import EngineConnection
from chatsite.realtime.transports.socketio.namespace import NamespaceClient
from chatsite.realtime.transports.websocket import ChatConsumer

pytestmark = pytest.mark.standalone


class Arrival:
    """A socket between an accepted handshake and the lookup of its user."""

    is_gone = False

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        scope = {"type": "websocket", "path": "/chat", "headers": [], "query_string": b""}
        self.serving = asyncio.ensure_future(ChatConsumer.serve(scope, self.messages.get, self))
        self.messages.put_nowait({"type": "websocket.connect"})

    async def __call__(self, message: Any) -> None: ...

    async def leave(self) -> None:
        self.messages.put_nowait({"type": "websocket.disconnect"})
        await self.serving


class LookUp:
    """Stands for the database, which takes some time."""

    def __init__(self) -> None:
        self.under_way = self.begun = 0
        self.answer = asyncio.Event()

    async def __call__(self, *_: object) -> None:
        self.begun += 1
        self.under_way += 1
        await self.answer.wait()
        self.under_way -= 1


@pytest.fixture
def look_up(runtime: ProcessRuntime) -> Iterator[LookUp]:
    slow = LookUp()
    with (
        patch("chatsite.realtime.transports.websocket.get_runtime", AsyncMock(return_value=runtime)),
        patch("chatsite.realtime.transports.socketio.namespace.get_runtime", AsyncMock(return_value=runtime)),
        patch("chatsite.realtime.transports.socketio.namespace.identify", slow),
        patch("chatsite.realtime.transports.websocket.server_socket", lambda send: send),
        patch.object(ChatConsumer, "_identity_of_handshake", slow),
    ):
        yield slow


async def knock(connections: list[EngineConnection]) -> tuple[asyncio.Task[Any], ...]:
    """Send the connect packet to each connection."""
    opening = tuple(asyncio.create_task(NamespaceClient(one).take("0/chat,{}")) for one in connections)
    await settle()
    return opening


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_few_are_looked_up_at_once_and_finally_all(look_up: LookUp) -> None:
    arrivals = [Arrival() for _ in range(3 * OPENINGS)]
    await settle()
    assert look_up.under_way == look_up.begun == OPENINGS
    look_up.answer.set()
    await settle()
    assert look_up.begun == len(arrivals)
    await asyncio.gather(*(arrival.leave() for arrival in arrivals))


async def test_a_client_that_has_left_is_not_looked_up(look_up: LookUp) -> None:
    first = [Arrival() for _ in range(OPENINGS)]
    await settle()
    late, gone = Arrival(), Arrival()
    gone.is_gone = True
    look_up.answer.set()
    await settle()
    assert look_up.begun == OPENINGS + 1
    await asyncio.gather(*(arrival.leave() for arrival in [*first, late, gone]))


async def test_socketio_clients_wait_for_their_turn_too(look_up: LookUp) -> None:
    connections = [EngineConnection(lambda connection: None) for _ in range(2 * OPENINGS)]
    opening = await knock(connections)
    assert look_up.under_way == look_up.begun == OPENINGS
    connections[OPENINGS].is_closed = True
    look_up.answer.set()
    await asyncio.gather(*opening)
    assert look_up.begun == 2 * OPENINGS - 1


async def test_a_turn_that_does_not_come_closes_with_retry_later(
    runtime: ProcessRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsite.realtime.runtime.OPENING_SECONDS", 0.01)
    async with AsyncExitStack() as others:
        for _ in range(OPENINGS):
            await others.enter_async_context(runtime.limit_openings())
        with pytest.raises(DomainError) as refusal:
            async with runtime.limit_openings():
                pytest.fail("there was no turn left")
    assert refusal.value.code == "unavailable"
    async with runtime.limit_openings():  # and none has been lost by it
        pass


async def test_a_cancelled_waiter_takes_no_turn(runtime: ProcessRuntime) -> None:
    async def wait() -> None:
        async with runtime.limit_openings():
            pytest.fail("there was no turn left")

    async with AsyncExitStack() as others:
        for _ in range(OPENINGS):
            await others.enter_async_context(runtime.limit_openings())
        waiting = asyncio.create_task(wait())
        await settle()
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
    async with AsyncExitStack() as all_of_them:
        for _ in range(OPENINGS):
            await all_of_them.enter_async_context(runtime.limit_openings())
