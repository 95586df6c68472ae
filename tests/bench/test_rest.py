"""A send over REST may take twice as long as one over a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bench import table
from bench.alone import RestSender
from bench.wire import WireError

pytestmark = pytest.mark.standalone


def measured(p50: float) -> dict[str, Any]:
    return {
        "rate": 1000 / p50,
        "ack": {"p50": p50, "p99": 3 * p50},
        "per_message": {"processor": 0.001, "statements": 9.0},
    }


def run(p50: float) -> dict[str, Any]:
    return {"rest": {"socket": measured(1.5), "rest": measured(p50)}}


def test_the_bar_can_be_met_and_missed() -> None:
    assert table.all_met(run(3.0))
    assert [bar.name for bar in table.bars(run(3.1)) if not bar.is_met] == [
        "p50 of a send over REST, uvicorn"
    ]


def test_the_table_shows_both_ways() -> None:
    shown = table.render(run(3.0))
    assert "socket" in shown
    assert "3.00" in shown


async def answer_in_parts(*parts: bytes) -> list[bytes]:
    """Send one message to a server that answers in these parts. Return the request."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        asked.extend([head, await reader.readexactly(length)])
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        sender = await RestSender.open(
            "some-id", "some-token", "127.0.0.1", server.sockets[0].getsockname()[1]
        )
        try:
            await asyncio.wait_for(sender.send("client-1"), 10)
        finally:
            sender.close()
    return asked


def test_a_send_ends_with_the_whole_answer() -> None:
    head, body = asyncio.run(
        answer_in_parts(b"HTTP/1.1 201 Created\r\nContent-", b"Length: 4\r\n\r\n{}", b"{}")
    )
    assert head.startswith(b"POST /chat/conversations/some-id/messages HTTP/1.1\r\n")
    assert b"Authorization: Bearer some-token" in head
    assert b'"clientId":"client-1"' in body


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(WireError, match="rate_limited"):
        asyncio.run(
            answer_in_parts(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 12\r\n\r\nrate_limited")
        )


def test_an_answer_that_never_ends_is_an_error() -> None:
    with pytest.raises(WireError, match="closed before the answer"):
        asyncio.run(answer_in_parts(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{}"))
