"""Hundreds of clients reach a server that is too busy to accept them, and all are served afterwards."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.conversations.rooms import Room
from tests.harness.patience import patience

COUNT = 300


@pytest.mark.parametrize("number", [0, 1], ids=["daphne", "uvicorn"])
async def test_all_connect_before_the_server_accepts_one(stopping_room: Room, number: int) -> None:
    server = stopping_room.cast.stage.deployment.servers[number]
    os.kill(server.pid, signal.SIGSTOP)
    try:
        connected = await asyncio.wait_for(
            asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(COUNT))),
            patience(10),  # the kernel refuses nobody: a client that finds the queue full waits without end
        )
    finally:
        os.kill(server.pid, signal.SIGCONT)
    for _, writer in connected:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(patience(15)):
        answers = await asyncio.gather(*(reader.readline() for reader, _ in connected))
    for _, writer in connected:
        writer.close()
    assert {*answers} == {b"HTTP/1.1 200 OK\r\n"}
