"""A live client over a plain WebSocket, for the native protocol."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.harness.patience import patience
from tests.harness.plain_asgi import meant_code
from tests.harness.rest import ApiError, Json, RestClient
from tests.harness.websocket import dial

AuthMethod = Literal["header", "ticket", "frame", "none"]
Predicate = Callable[[Json], bool]


class LiveClosed(Exception):
    """The socket is closed, so the expected event cannot arrive."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Frame:
    event: str
    data: Json
    ref: Any = None


class LiveClient:
    """Created by `open`.

    A task reads all frames: answers go to their calls, and pushes wait in a buffer until a test expects them.
    `events` keeps every push in order, expected or not. Every `timeout` is for an idle machine.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[Frame] = []
        self._unexpected: list[Frame] = []
        self._calls: dict[str, asyncio.Future[Json]] = {}
        self._refs = (f"r{number}" for number in itertools.count(1))
        self._arrived = asyncio.Condition()
        self._over = False
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(
        cls, url: str, access: str = "", *, auth: AuthMethod = "header", headers: dict[str, str] | None = None
    ) -> Self:
        """`url` is `ws://HOST:PORT/chat`. `auth` says how to send the token; `none` sends none."""
        query, given = "", dict(headers or {})
        if auth == "header":
            given["Authorization"] = f"Bearer {access}"
        if auth == "ticket":
            async with RestClient(url.replace("ws", "http", 1).removesuffix("/chat"), access) as rest:
                query = f"?ticket={(await rest.post('/auth/ws-ticket'))['ticket']}"
        client = cls(await dial(url + query, additional_headers=given, max_size=None, close_timeout=1))
        if auth == "frame":
            await client.call("authenticate", {"token": access})
        return client

    async def ready(self) -> Self:
        """Wait until the server has looked up the user and its groups.

        The handshake ends before that, and the server answers frames after it.
        """
        await self.call("heartbeat")
        return self

    async def call(self, event: str, data: Json | None = None, timeout: float = 10) -> Json:
        """Send a frame, and return its ack's data. Raise `ApiError` for an `error` answer."""
        return await asyncio.wait_for(self.begin(event, data), patience(timeout))

    def begin(self, event: str, data: Json | None = None) -> asyncio.Task[Json]:
        """Like `call`, but without waiting, for many calls in progress at once."""
        return asyncio.create_task(self._call(event, data))

    async def send(self, event: str, data: Json | None = None) -> None:
        """Send a frame without a `ref`, which can only be answered with an `error` push."""
        await self.send_raw(json.dumps({"event": event, "data": data or {}}))

    async def send_raw(self, frame: str | bytes) -> None:
        try:
            await self.connection.send(frame)
        except ConnectionClosed as closed:
            raise self._closed() from closed

    async def expect(self, event: str, predicate: Predicate | None = None, timeout: float = 5) -> Json:
        """Return the data of the earliest matching push that no test has expected yet. Wait if there is none."""

        def found() -> Frame | None:
            return self._match(event, predicate)

        try:
            async with asyncio.timeout(patience(timeout)), self._arrived:
                await self._arrived.wait_for(lambda: self._over or found() is not None)
        except TimeoutError:
            seen = [frame.event for frame in self._unexpected]
            raise AssertionError(
                f"no {event} within {patience(timeout):g} s; unexpected so far: {seen}"
            ) from None
        frame = found()
        if frame is None:
            raise self._closed()
        self._unexpected.remove(frame)
        return frame.data

    async def nothing(self, event: str, within: float = 0.3, predicate: Predicate | None = None) -> None:
        """Fail if such a push is in the buffer, or arrives in this time."""
        await asyncio.sleep(within)
        frame = self._match(event, predicate)
        assert frame is None, f"unwanted {event}: {frame}"

    def forget(self) -> None:
        """Drop all pushes so far, so that `expect` and `nothing` consider only later ones."""
        self._unexpected.clear()

    async def join(self, conversation_id: str) -> Json:
        """Join, and return the `joined_conversation` push."""
        await self.call("join_conversation", {"conversationId": conversation_id})
        return await self.expect(
            "joined_conversation", lambda data: data["conversationId"] == conversation_id
        )

    async def closed(self, timeout: float = 10) -> int | None:
        """Wait until the other side has closed the socket, and return the close code."""
        await asyncio.wait_for(asyncio.shield(self._reader), patience(timeout))
        return meant_code(self.connection.close_code)

    async def close(self) -> None:
        await self.connection.close()
        await self._reader

    def abort(self) -> None:
        """Cut the connection without closing it, as a network failure does."""
        self.connection.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _call(self, event: str, data: Json | None) -> Json:
        ref = next(self._refs)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._calls[ref] = answer
        try:
            if self._over:
                raise self._closed()
            await self.send_raw(json.dumps({"event": event, "data": data or {}, "ref": ref}))
            return await answer
        finally:
            del self._calls[ref]

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                await self._take(json.loads(text))
        except ConnectionClosed:
            pass  # the close code stays on the connection, for `closed` and `LiveClosed`
        finally:
            for answer in self._calls.values():
                if not answer.done():
                    answer.set_exception(self._closed())
            self._over = True
            await self._wake()

    async def _take(self, raw: Json) -> None:
        frame = Frame(raw["event"], raw.get("data") or {}, raw.get("ref"))
        answer = self._calls.get(frame.ref) if frame.ref is not None else None
        if answer is None:
            self.events.append(frame)
            self._unexpected.append(frame)
            await self._wake()
        elif not answer.done():
            if frame.event == "error":
                answer.set_exception(ApiError.from_shape(frame.data))
            else:
                answer.set_result(frame.data)

    async def _wake(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    def _match(self, event: str, predicate: Predicate | None) -> Frame | None:
        for frame in self._unexpected:
            if frame.event == event and (predicate is None or predicate(frame.data)):
                return frame
        return None

    def _closed(self) -> LiveClosed:
        return LiveClosed(meant_code(self.connection.close_code), self.connection.close_reason or "")
