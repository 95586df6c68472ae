"""A request whose body is late ends, and an answer to HEAD has no body, whatever the server does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatsite.http.request_time import TimedBodies
from tests.harness.patience import patience

pytestmark = pytest.mark.standalone


async def test_a_body_that_stops_coming_is_a_disconnect() -> None:
    arriving: asyncio.Queue[Any] = asyncio.Queue()
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while not seen or seen[-1] == "http.request":
            seen.append((await receive())["type"])

    arriving.put_nowait({"type": "http.request", "body": b"a", "more_body": True})
    scope = {"type": "http", "method": "POST"}
    await asyncio.wait_for(TimedBodies(application, 0.05)(scope, arriving.get, _nothing), patience(5))
    assert seen == ["http.request", "http.disconnect"]


async def test_after_the_body_there_is_no_limit() -> None:
    """A poll waits until its client leaves."""
    arriving: asyncio.Queue[Any] = asyncio.Queue()
    arriving.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.2)

    await TimedBodies(application, 0.05)({"type": "http", "method": "GET"}, arriving.get, _nothing)


@pytest.mark.parametrize(("method", "body"), [("HEAD", b""), ("GET", b"onetwo")])
async def test_head_has_no_body(method: str, body: bytes) -> None:
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    async def send(message: Any) -> None:
        sent.append(message)

    await TimedBodies(application)({"type": "http", "method": method}, _nothing, send)
    assert sent[0]["headers"] == [(b"content-length", b"6")]
    assert b"".join(message.get("body", b"") for message in sent) == body
    assert not sent[-1].get("more_body", False)


async def _nothing(*_: Any) -> None: ...
