"""A small interface to both live transports that sends raw texts, so that an attack can send anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.harness.patience import patience
from tests.harness.plain_asgi import meant_code
from tests.harness.rest import Json
from tests.harness.servers import Server
from tests.harness.websocket import dial

Transport = Literal["native", "socketio"]
TRANSPORTS: Final[tuple[Transport, ...]] = ("native", "socketio")


class Wire:
    """One socket. Answers and pushes are `(event, data)`. The event of an answer is `ack` or `error`."""

    def __init__(self, transport: Transport, socket: ClientConnection) -> None:
        self.transport = transport
        self.socket = socket
        self._number = 0

    @classmethod
    async def open(cls, transport: Transport, server: Server, token: str = "", **options: Any) -> Self:
        """Connect, and sign in if there is a token. Raise `ConnectionClosed` or `Refused` on failure."""
        path = "/chat" if transport == "native" else "/socket.io/?EIO=4&transport=websocket"
        url = server.url.replace("http", "ws", 1) + path
        # A client with unread frames does not see the answer to its close.
        options = {"max_size": None, "compression": None, "close_timeout": 1, **options}
        wire = cls(transport, await dial(url, **options))
        if transport == "socketio":
            await wire.socket.recv()  # the Engine.IO handshake
        if token:
            await wire.sign_in(token)
        return wire

    async def sign_in(self, token: Any) -> None:
        if self.transport == "native":
            await self.call("authenticate", {"token": token})
            return
        await self.socket.send("40/chat," + json.dumps({"token": token}))
        while not (text := str(await asyncio.wait_for(self.socket.recv(), patience(10)))).startswith(
            "40/chat"
        ):
            if text.startswith("44/chat,"):
                raise Refused("error", json.loads(text[8:]))

    async def call(self, event: str, data: Any = None) -> Json:
        """Return the ack's data. Raise `Refused` for an error."""
        body = json.dumps({} if data is None else data, ensure_ascii=False)
        return await self.call_raw(json.dumps(event), body)

    async def call_raw(self, event: str, data: str) -> Json:
        """Like `call`, but send the data as it is, even if it is not valid JSON."""
        ref = self.new_ref()
        await self.send_text(self.framed(event, data, ref))
        return await self.answer_to(ref)

    def new_ref(self) -> int:
        self._number += 1
        return self._number

    async def answer_to(self, wanted: int) -> Json:
        """Return the ack's data for the frame with this ref, whoever sent the frame. Raise `Refused` for an error."""
        async with asyncio.timeout(patience(10)):
            while True:
                kind, ref, answer = await self._next()
                if kind == "error" and ref in {wanted, None}:
                    raise Refused(kind, answer)
                if kind == "ack" and ref == wanted:
                    return answer

    def framed(self, event: str, data: str, ref: int | None = None) -> str:
        if self.transport == "native":
            more = "" if ref is None else f',"ref":{ref}'
            return f'{{"event":{event},"data":{data}{more}}}'
        return f"42/chat,{'' if ref is None else ref}[{event},{data}]"

    async def send_text(self, text: str | bytes | Sequence[str]) -> None:
        """Send a text, or a sequence as the fragments of one message."""
        await self.socket.send(text)

    async def lives(self) -> None:
        """Return whether the socket still answers."""
        answer = await self.call("heartbeat")
        assert "serverTime" in answer

    async def ended(self, timeout: float = 10) -> None:
        """Wait until the session has ended: a closed socket, or a disconnected namespace of Socket.IO."""
        async with asyncio.timeout(patience(timeout)):
            try:
                while not str(await self.socket.recv()).startswith("41/chat"):
                    pass
            except ConnectionClosed:
                return

    async def closed(self, timeout: float = 10) -> int | None:
        """Wait until the other side has closed the socket."""
        async with asyncio.timeout(patience(timeout)):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed:
                return meant_code(self.socket.close_code)

    async def push(self, timeout: float = 10) -> tuple[str, Json]:
        """Return the event and data of the next frame."""
        async with asyncio.timeout(patience(timeout)):
            event, _, data = await self._next()
            return event, data

    async def _next(self) -> tuple[str, Any, Json]:
        """Return (event, ref, data) of the next frame that has an event."""
        while True:
            text = str(await self.socket.recv())
            if self.transport == "native":
                frame = json.loads(text)
                return frame["event"], frame.get("ref"), frame["data"]
            if text == "2":
                await self.socket.send("3")
            elif text.startswith("42/chat,"):
                event, data = json.loads(text[8:])
                return event, None, data
            elif text.startswith("43/chat,"):
                number, _, rest = text[8:].partition("[")
                data = json.loads("[" + rest)[0]
                error = data.get("error") if data.keys() == {"error"} else None
                return ("error", int(number), error) if error else ("ack", int(number), data)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()


class Refused(Exception):
    """An error answer from a socket."""

    def __init__(self, event: str, data: Json) -> None:
        super().__init__(f"{event}: {data}")
        shape = data.get("data", data) if "code" not in data else data
        self.code: str = shape.get("code", "")
        self.message: str = shape.get("message", "")
        self.data = data
