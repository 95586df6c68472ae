"""Hand-made WebSockets that stop reading, as a suspended phone or an attacker does."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
from typing import Any, Self
from urllib.parse import urlsplit

from tests.harness.patience import patience


def handshake(host: str, access: str) -> bytes:
    lines = [
        "GET /chat HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        f"Authorization: Bearer {access}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(event: str, data: dict[str, Any], ref: str) -> bytes:
    """Return a short frame: up to 125 bytes, whose length takes one byte."""
    payload = json.dumps({"event": event, "data": data, "ref": ref}).encode()
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return b"\x81" + struct.pack("!B", 0x80 | len(payload)) + mask + masked


class StalledReader:
    """It has a small receive buffer, and stops reading after the join until `keep_up`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._reading: asyncio.Task[int] | None = None

    @classmethod
    async def join(cls, live_url: str, access: str, conversation_id: str) -> Self:
        address = urlsplit(live_url)
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        reader = cls(connection)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, (address.hostname, address.port))
        await loop.sock_sendall(connection, handshake(address.netloc, access))
        await reader._read_until(b"\r\n\r\n")
        joining = frame("join_conversation", {"conversationId": conversation_id}, ref="j")
        await loop.sock_sendall(connection, joining)
        await reader._read_until(b'"ref":"j"')
        return reader

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def keep_up(self) -> None:
        """Read whatever arrives, as an ordinary reader does."""
        self._reading = asyncio.create_task(self._read_to_the_end())

    async def ended(self, timeout: float) -> int:
        """Read to the end of the connection, and return the number of bytes."""
        async with asyncio.timeout(patience(timeout)):
            return await self._read_to_the_end()

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        self._socket.close()

    async def _read_to_the_end(self) -> int:
        count = 0
        loop = asyncio.get_running_loop()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        try:
            while chunk := await loop.sock_recv(self._socket, 65536):
                count += len(chunk)
        except ConnectionResetError:
            pass  # the kernel dropped its data with the connection
        return count

    async def _read_until(self, wanted: bytes) -> None:
        seen = b""
        async with asyncio.timeout(patience(10)):
            while wanted not in seen:
                chunk = await asyncio.get_running_loop().sock_recv(self._socket, 4096)
                assert chunk, f"the server hung up: {seen!r}"
                seen += chunk
