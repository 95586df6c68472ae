"""The load generator's sockets. They do as little as the protocols allow, so that the benchmark measures the server.

Frames are masked with a key of zeros: RFC 6455 requires a mask, and zeros cost no work. `NativeSocket` speaks the
protocol of `docs/protocol.md`, `SocketIOSocket` speaks Engine.IO 4 and Socket.IO 5 over a WebSocket.
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable
from typing import Final, Literal, cast

Protocol = Literal["native", "socketio"]

_ZERO_KEY: Final = b"\x00\x00\x00\x00"


class WireError(Exception):
    """The server closed the socket, or refused a command of the load generator."""


class Socket(asyncio.Protocol):
    """One client. `opened` is done once the server has accepted the user."""

    def __init__(self, token: str, host: str, port: int) -> None:
        self.token = token
        self.host = host
        self.port = port
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_acked: Callable[[float], None] = lambda number: None
        self.on_message: Callable[[bytes], None] = lambda payload: None
        self.on_joined: Callable[[], None] = lambda: None
        self.messages = 0
        self.frames = 0
        self._buffer = b""
        self._upgraded = False
        self._numbers = 0
        self._sent_at: dict[int, float] = {}
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, token: str, host: str, port: int) -> Socket:
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(lambda: cls(token, host, port), host, port)
        await asyncio.wait_for(made.opened, 60)
        return made

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *self.headers(),
        ]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(WireError(f"closed before it was open: {exc}"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self._upgraded:
            head, end, buffer = buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(WireError(head.decode("latin-1")[:200]))
                return
            self._upgraded = True
            self.on_upgraded()
        self._buffer = self._take_frames(buffer)

    def _take_frames(self, buffer: bytes) -> bytes:
        """Handle every complete frame, and return the remaining bytes."""
        at, end = 0, len(buffer)
        while end - at >= 2:
            length, body = buffer[at + 1] & 0x7F, at + 2
            if length == 126:
                length, body = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
            elif length == 127:
                length, body = int.from_bytes(buffer[at + 2 : at + 10]), at + 10
            if end < body + length or end < body:
                break
            opcode = buffer[at] & 0x0F
            payload = buffer[body : body + length]
            at = body + length
            if opcode == 1:
                self.frames += 1
                self.on_text(payload)
            elif opcode == 8:
                self.on_closed(payload)
            elif opcode == 9:
                self._write(0x8A, payload)
        return buffer[at:]

    def _write(self, head: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            frame = bytes((head, 0x80 | length))
        elif length < 65_536:
            frame = bytes((head, 0xFE)) + length.to_bytes(2)
        else:
            frame = bytes((head, 0xFF)) + length.to_bytes(8)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame + _ZERO_KEY + payload)

    def on_closed(self, payload: bytes) -> None:
        error = WireError(f"closed by the server: {int.from_bytes(payload[:2])} {payload[2:].decode()}")
        if not self.opened.done():
            self.opened.set_exception(error)

    # What differs between the protocols

    path = "/"

    def headers(self) -> list[str]:
        return []

    def on_upgraded(self) -> None:
        raise NotImplementedError

    def on_text(self, payload: bytes) -> None:
        raise NotImplementedError

    def emit(self, event: str, data: str, number: int) -> bytes:
        raise NotImplementedError

    # Commands

    def send(self, event: str, data: str) -> None:
        """Send an event with its data as JSON. `on_acked` is called with the seconds until its ack."""
        self._numbers += 1
        number = self._numbers
        self._sent_at[number] = time.perf_counter()
        self._write(0x81, self.emit(event, data, number))

    async def join(self, conversation: str) -> None:
        """Join the conversation, and wait until the server says that it is joined."""
        joined = asyncio.get_running_loop().create_future()
        self.on_joined = lambda: joined.set_result(None)
        self.send("join_conversation", f'{{"conversationId":"{conversation}"}}')
        await asyncio.wait_for(joined, 60)
        self.on_joined = lambda: None

    def acked(self, number: int) -> None:
        self.on_acked(time.perf_counter() - self._sent_at.pop(number))


NOWHERE: Final = '{"conversationId":"00000000-0000-7000-8000-000000000000"}'


class NativeSocket(Socket):
    path = "/chat"

    def headers(self) -> list[str]:
        return [f"Authorization: Bearer {self.token}"]

    def on_upgraded(self) -> None:
        # The first answer shows that the session is open. This command reads nothing. No other has the number 0.
        self._write(0x81, f'{{"event":"leave_conversation","ref":0,"data":{NOWHERE}}}'.encode())

    def on_text(self, payload: bytes) -> None:
        if payload.startswith(b'{"event":"new_message"'):
            self.messages += 1
            self.on_message(payload)
        elif payload.startswith(b'{"event":"ack","ref":'):
            number = int(payload[21 : payload.index(b",", 21)])
            if number:
                self.acked(number)
            elif not self.opened.done():
                self.opened.set_result(None)
        elif payload.startswith(b'{"event":"joined_conversation"'):
            self.on_joined()
        elif payload.startswith(b'{"event":"error"'):
            raise WireError(payload.decode())

    def emit(self, event: str, data: str, number: int) -> bytes:
        return f'{{"event":"{event}","ref":{number},"data":{data}}}'.encode()


class SocketIOSocket(Socket):
    path = "/socket.io/?EIO=4&transport=websocket"

    def on_upgraded(self) -> None:
        pass  # the server sends its Engine.IO handshake first

    def on_text(self, payload: bytes) -> None:
        if payload.startswith(b'42/chat,["new_message"'):
            self.messages += 1
            self.on_message(payload)
        elif payload.startswith(b"43/chat,"):
            self.acked(int(payload[8 : payload.index(b"[", 8)]))
        elif payload.startswith(b"2"):
            self._write(0x81, b"3" + payload[1:])
        elif payload.startswith(b"0"):
            self._write(0x81, f'40/chat,{{"token":"{self.token}"}}'.encode())
        elif payload.startswith(b"40/chat,"):
            self.opened.set_result(None)
        elif payload.startswith(b'42/chat,["joined_conversation"'):
            self.on_joined()
        elif payload.startswith((b"44/chat,", b'42/chat,["error"')):
            raise WireError(payload.decode())

    def emit(self, event: str, data: str, number: int) -> bytes:
        return f'42/chat,{number}["{event}",{data}]'.encode()


SOCKETS: Final[dict[Protocol, type[Socket]]] = {"native": NativeSocket, "socketio": SocketIOSocket}
