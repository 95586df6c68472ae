"""Native WebSocket at `/chat`: JSON text frames `{event, data, ref?}`, thin over `LiveSession`."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from channels.consumer import AsyncConsumer
from django.conf import settings

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError, as_domain_error, from_decoding, invalid
from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.lenient_ref import find_ref
from chatsite.realtime.runtime import get_runtime
from chatsite.realtime.servers.sockets import server_socket
from chatsite.realtime.session import LiveSession
from chatsite.realtime.transport import Close, Ref

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Frame(msgspec.Struct):
    """What a client sends."""

    event: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    ref: str | int | None = None


_decode_frame = msgspec.json.Decoder(Frame).decode


def _decode_data(raw: msgspec.Raw, struct: type) -> Any:
    return msgspec.json.decode(raw, type=struct)


class LeanConsumer(AsyncConsumer):  # type: ignore[misc]
    @classmethod
    def serve(cls, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> Awaitable[None]:
        """As `as_asgi` does, without a coroutine of its own that would stay as long as the socket."""
        connection: Awaitable[None] = cls()(scope, receive, send)
        return connection


class ChatConsumer(LeanConsumer):
    """Reads frames one after the other and writes what the session queues.

    It replaces the dispatch of Channels' consumers, which would cost a thread hop and two tasks for every frame, and
    a layer channel for every socket; the hub has one for the whole process.
    """

    kind = "native"

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.scope = scope
        self._send = send
        self._socket = server_socket(send)
        self._gone = False
        self.session = LiveSession(self, await get_runtime())
        try:
            if (await receive())["type"] == "websocket.connect":
                await self._send({"type": "websocket.accept"})
                await self._open()
                while await self._take(await receive()):
                    pass
        finally:
            self._gone = True
            await self.session.close()

    async def _open(self) -> None:
        try:
            async with self.session.runtime.turn_to_open():
                await self._open_session()
        except Exception as error:  # noqa: BLE001  every failure has its answer
            known = as_domain_error(error)
            self.session.answer_error(None, known)
            self.session.close_soon(_close_code(known), known.message)

    async def _open_session(self) -> None:
        if self._socket.is_gone:
            return  # it waited longer than its client did, which may have come back; reading finds its end
        identity = await self._identity_of_handshake()
        if identity is None:
            self._await_authentication()
        else:
            await self.session.open(identity)

    def _await_authentication(self) -> None:
        session = weakref.ref(self.session)

        def close_anonymous() -> None:
            waiting = session()
            if waiting is not None and waiting.identity is None:
                waiting.close_soon(Close.UNAUTHENTICATED, "no authentication in time")

        asyncio.get_running_loop().call_later(settings.CHAT.authenticate_seconds, close_anonymous)

    async def _identity_of_handshake(self) -> Identity | None:
        """By `Authorization: Bearer`, `?ticket=` or the session cookie; None where a first frame is awaited."""
        headers = dict(self.scope["headers"])
        authentication = registry.get_authentication()
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            return await self.session.runtime.ask(authentication.by_tokens, token.strip())
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        if "ticket" in query:
            return await in_database_thread(authentication.by_ticket, query["ticket"][0])
        if b"cookie" in headers and self.scope.get("same_origin"):
            return await in_database_thread(authentication.by_cookie, headers[b"cookie"].decode("latin-1"))
        return None

    async def _take(self, message: dict[str, Any]) -> bool:
        """Act on a message; answers whether there may be another."""
        if message["type"] == "websocket.disconnect":
            return False
        await self._take_frame(message)
        return True

    async def _take_frame(self, message: dict[str, Any]) -> None:
        raw = message.get("text") or message.get("bytes") or b""
        encoded = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
        size = len(encoded)
        if not self.session.fits(size):
            return
        try:
            if message.get("text") is None:
                raise invalid("Frames must be text, not binary.")
            frame = _decode_frame(encoded)
        except (DomainError, msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            ref = find_ref(encoded)
            if self.session.admit(size, ref):
                self.session.answer_error(
                    ref, error if isinstance(error, DomainError) else from_decoding(error)
                )
            return
        # Only now, so that a refusal for the rate carries the frame's `ref`.
        if self.session.admit(size, frame.ref):
            await self.session.receive(frame.event, frame.data, frame.ref, _decode_data)

    # The transport of the session

    def encode(self, event: Event) -> bytes:
        return event.native

    def encode_ack(self, ref: Ref, data: bytes) -> bytes:
        return b'{"event":"ack","ref":%b,"data":%b}' % (msgspec.json.encode(ref), data)

    def encode_error(self, ref: Ref, error: DomainError) -> bytes:
        frame: dict[str, Any] = {"event": "error", "data": error.as_dict()}
        if ref is not None:
            frame["ref"] = ref
        return msgspec.json.encode(frame)

    def write_now(self, frames: Iterable[bytes]) -> bool:
        return not self._gone and self._socket.write_now(frames)

    async def write(self, frame: bytes) -> None:
        if not self._gone:
            try:
                await self._socket.write(frame)
            except (OSError, RuntimeError):  # the peer has just gone; the disconnect message is on its way
                self._gone = True

    async def close(self, code: int, reason: str) -> None:
        if not self._gone:
            self._gone = True
            with contextlib.suppress(OSError, RuntimeError):  # the peer has just gone
                await self._socket.close(code, reason)


def _close_code(error: DomainError) -> int:
    return Close.UNAUTHENTICATED if error.code == "unauthenticated" else Close.TRY_LATER


class RefusedPath(LeanConsumer):
    """Every WebSocket path that is not ours: refused before it is accepted."""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4404})
