"""Native WebSocket at `/chat`: JSON text frames `{event, data, ref?}`."""

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
from chatsite.realtime.identity import ANOTHER_USER, Identity
from chatsite.realtime.ref_recovery import find_ref
from chatsite.realtime.runtime import get_runtime
from chatsite.realtime.servers.sockets import server_socket
from chatsite.realtime.session import LiveSession
from chatsite.realtime.transport import Close, Ref

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Frame(msgspec.Struct):
    """A frame from a client."""

    event: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    ref: str | int | None = None


_decode_frame = msgspec.json.Decoder(Frame).decode


def _expected(identity: Identity | None, query: dict[str, list[str]]) -> Identity | None:
    """Return the identity. Raise `unauthenticated` if the page was made for another user, whom it names in `?user=`."""
    if identity is not None and query.get("user", [identity.user_id]) != [identity.user_id]:
        raise DomainError("unauthenticated", ANOTHER_USER)
    return identity


def _decode_data(raw: msgspec.Raw, struct: type) -> Any:
    return msgspec.json.decode(raw, type=struct)


class DirectConsumer(AsyncConsumer):  # type: ignore[misc]
    @classmethod
    def serve(cls, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> Awaitable[None]:
        """Do the same as `as_asgi`, without its coroutine, which would use memory as long as the socket is open."""
        connection: Awaitable[None] = cls()(scope, receive, send)
        return connection


class ChatConsumer(DirectConsumer):
    """Read frames one after the other, and write the frames of the session.

    This replaces the dispatch of Channels' consumers. That takes a thread hop and two tasks for every frame, and a
    channel of the layer for every socket. The hub needs one channel for the whole process.
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
            async with self.session.runtime.limit_openings():
                await self._open_session()
        except Exception as error:  # noqa: BLE001  every failure has its answer
            known = as_domain_error(error)
            self.session.answer_error(None, known)
            self.session.close_soon(_close_code(known), known.message)

    async def _open_session(self) -> None:
        if self._socket.is_gone:
            return  # the client left while it waited; reading the next message ends the consumer
        identity = await self._identity_of_handshake()
        if identity is None:
            self._await_authentication()
        else:
            await self.session.open(identity)

    def _await_authentication(self) -> None:
        session = weakref.ref(self.session)

        def close_anonymous() -> None:
            still_open = session()
            if still_open is not None and still_open.identity is None:
                still_open.close_soon(Close.UNAUTHENTICATED, "no authentication in time")

        asyncio.get_running_loop().call_later(settings.CHAT.authenticate_seconds, close_anonymous)

    async def _identity_of_handshake(self) -> Identity | None:
        """Return the identity by `Authorization: Bearer`, `?ticket=` or the session cookie.

        Return None if there are none of these, so that the client must send `authenticate`.
        """
        headers = dict(self.scope["headers"])
        authentication = registry.get_authentication()
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            return await self.session.runtime.ask(authentication.by_tokens, token.strip())
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        if "ticket" in query:
            return await in_database_thread(authentication.by_ticket, query["ticket"][0])
        if b"cookie" in headers and self.scope.get("same_origin"):
            cookie = headers[b"cookie"].decode("latin-1")
            return _expected(await in_database_thread(authentication.by_cookie, cookie), query)
        return None

    async def _take(self, message: dict[str, Any]) -> bool:
        """Process a message. Return False if it was the last one."""
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
        # The rate is checked after decoding, so that the error has the `ref` of the frame.
        if self.session.admit(size, frame.ref):
            await self.session.receive(frame.event, frame.data, frame.ref, _decode_data)

    # The transport of the session (chatsite.realtime.transport.Transport)

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
            except (OSError, RuntimeError):  # the client has left; the disconnect message follows
                self._gone = True

    async def close(self, code: int, reason: str) -> None:
        if not self._gone:
            self._gone = True
            with contextlib.suppress(OSError, RuntimeError):  # the client has left
                await self._socket.close(code, reason)


def _close_code(error: DomainError) -> int:
    return Close.UNAUTHENTICATED if error.code == "unauthenticated" else Close.TRY_LATER


class RefusedPath(DirectConsumer):
    """Refuse the handshake of a WebSocket with an unknown path."""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4404})
