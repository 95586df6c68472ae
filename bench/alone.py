"""One person who sends, over a socket or over REST. The next message follows once the last one is acknowledged."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Literal, Protocol, Self, cast

from bench.exchange import message
from bench.wire import NativeSocket, WireError

Way = Literal["socket", "rest"]


class Sender(Protocol):
    async def send(self, client_id: str) -> None: ...

    def close(self) -> None: ...


class SocketSender:
    def __init__(self, socket: NativeSocket, conversation: str) -> None:
        self._socket = socket
        self._conversation = conversation
        self._acked: asyncio.Future[None] | None = None
        socket.on_acked = self._on_acked

    @classmethod
    async def open(cls, conversation: str, token: str, host: str, port: int) -> Self:
        socket = await NativeSocket.connect(token, host, port)
        await socket.join(conversation)
        return cls(cast(NativeSocket, socket), conversation)

    async def send(self, client_id: str) -> None:
        self._acked = asyncio.get_running_loop().create_future()
        self._socket.send("send_message", message(self._conversation, client_id))
        await self._acked

    def close(self) -> None:
        self._socket.close()

    def _on_acked(self, seconds: float) -> None:
        if self._acked is not None and not self._acked.done():
            self._acked.set_result(None)


class RestSender(asyncio.Protocol):
    """One HTTP connection that is kept alive, and does as little as possible."""

    def __init__(self, conversation: str, token: str, host: str, port: int) -> None:
        self._conversation = conversation
        self._head = (
            f"POST /chat/conversations/{conversation}/messages HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Authorization: Bearer {token}\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        )
        self._buffer = b""
        self._answered: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, conversation: str, token: str, host: str, port: int) -> Self:
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(lambda: cls(conversation, token, host, port), host, port)
        return made

    async def send(self, client_id: str) -> None:
        body = message(self._conversation, client_id)
        self._buffer = b""
        self._answered = asyncio.get_running_loop().create_future()
        if self._transport is None:
            raise WireError("the connection is not open")
        self._transport.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await self._answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(WireError(f"closed before the answer: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end or self._answered is None or self._answered.done():
            return
        if not head.startswith(b"HTTP/1.1 201"):
            self._answered.set_exception(WireError(self._buffer.decode("latin-1")[:500]))
        elif len(body) >= int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
            self._answered.set_result(None)


SENDERS: Final[dict[Way, type[SocketSender] | type[RestSender]]] = {
    "socket": SocketSender,
    "rest": RestSender,
}


class Alone:
    """Sends until it is cancelled. `times` has the seconds from each message to its ack."""

    def __init__(self, sender: Sender) -> None:
        self.times: list[float] = []
        self._sender = sender

    async def run(self) -> None:
        number = 0
        while True:
            number += 1
            began = time.perf_counter()
            await self._sender.send(f"alone-{id(self)}-{number}")
            self.times.append(time.perf_counter() - began)
