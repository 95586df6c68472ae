"""One Socket.IO client: its Engine.IO connection, and its session while it is connected to the namespace.

Packets are `42/chat,7["send_message",{…}]` on the wire: Engine.IO type, Socket.IO type, namespace, id of the ack.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.conf import settings

from chatsite.errors import DomainError, from_decoding, invalid
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.runtime import get_runtime
from chatsite.realtime.session import Session
from chatsite.realtime.transport import Close, Ref
from chatsite.realtime.transports.socketio.websocket import PacketQueue

if TYPE_CHECKING:
    from chatsite.realtime.transports.socketio.server import ChatServer

logger = logging.getLogger(__name__)

NAMESPACE: Final = "/chat"
STRAY_PACKETS: Final = 10  # of a connection that has no session; past it the connection closes
GOODBYE_SECONDS: Final = 1  # for a client to take our last packets


class Call(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What a client emits: `[event, data]`."""

    event: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


_decode_call = msgspec.json.Decoder(Call).decode
_match_event = re.compile(r"([25])(?:\d{1,4}-)?/chat,(\d{0,15})(?=\[)", re.ASCII).match


def _decode_data(raw: msgspec.Raw, struct: type) -> Any:
    return msgspec.json.decode(raw, type=struct)


class SocketioTransport:
    """The transport of one session: Socket.IO packets as finished Engine.IO texts. A `ref` is the id of an ack."""

    __slots__ = ("_connection", "_opening", "sid")

    def __init__(self, connection: Connection, sid: str) -> None:
        self._connection = connection
        self.sid = sid
        self._opening: asyncio.Event | None = asyncio.Event()

    @property
    def kind(self) -> str:
        return "polling" if self._connection.queue.websocket is None else "socketio"

    def encode(self, event: Event) -> bytes:
        if event.socketio is None:
            event.socketio = b'42/chat,["%b",%b]' % (event.name.encode(), event.data)
        return event.socketio

    def encode_ack(self, ref: Ref, data: bytes) -> bytes:
        return b"43/chat,%b[%b]" % (str(ref).encode(), data)

    def encode_error(self, ref: Ref, error: DomainError) -> bytes:
        body = msgspec.json.encode(error.as_dict())
        if ref is None:
            return b'42/chat,["error",%b]' % body
        return b'43/chat,%b[{"error":%b}]' % (str(ref).encode(), body)

    def open(self) -> None:
        """The client has been told that it is connected; what came before waited for that."""
        if self._opening is not None:
            self._opening.set()
            self._opening = None

    def write_now(self, frames: Iterable[bytes]) -> bool:
        return self._opening is None and self._connection.queue.write_now(frames)

    async def write(self, frame: bytes) -> None:
        if self._opening is not None:
            await self._opening.wait()
        await self._connection.queue.write(frame.decode())

    async def close(self, code: int, reason: str) -> None:
        """Without credentials a client must stay away; all others shall come back.

        Socket.IO clients reconnect by themselves after the transport closed, and never after the server disconnected
        their namespace.
        """
        if code == Close.UNAUTHENTICATED:
            await self._connection.dismiss(self, reason)
        else:
            await self._connection.close(code, reason)


class Connection:
    """One Engine.IO connection, with one session while the client is connected to the namespace.

    Packets are taken one after the other, whichever requests bring them: commands run in the order of sending.
    """

    __slots__ = (
        "_deadline",
        "_eio_sid",
        "_is_gone",
        "_server",
        "_strays",
        "_turn",
        "queue",
        "session",
        "transport",
    )

    def __init__(self, server: ChatServer, eio_sid: str, queue: PacketQueue) -> None:
        self.queue = queue
        self.session: Session | None = None
        self.transport: SocketioTransport | None = None
        self._server = server
        self._eio_sid = eio_sid
        self._turn = asyncio.Lock()
        self._strays = 0
        self._is_gone = False
        self._deadline: asyncio.TimerHandle | None = None
        self._expect_session()

    # Life

    def _expect_session(self) -> None:
        """Close a connection that stays without a session."""
        self._expect_nothing()
        seconds = settings.CHAT.authenticate_seconds
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._close_idle)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_idle(self) -> None:
        if self._turn.locked():  # it is being connected just now
            self._expect_session()
        elif self.session is None:
            self._server.spawn(self.close(Close.UNAUTHENTICATED, f"not connected to {NAMESPACE} in time"))

    @property
    def is_gone(self) -> bool:
        """Whether the client is known to have left, which its reader may not have been told yet."""
        websocket = self.queue.websocket
        return self._is_gone or (websocket is not None and websocket.is_gone)

    async def open_session(self, sid: str, identity: Identity) -> None:
        self.transport = SocketioTransport(self, sid)
        session = Session(self.transport, await get_runtime())
        try:
            await session.open(identity)
        except BaseException:
            await session.close()
            raise
        self.session = session
        self._expect_nothing()

    async def close_session(self) -> None:
        """The client is no longer connected to the namespace; it may connect again."""
        session, self.session = self.session, None
        if session is not None:
            await session.close()
            self._expect_session()

    async def closed(self) -> None:
        """The Engine.IO connection is gone."""
        self._is_gone = True
        await self.close_session()
        self._expect_nothing()

    async def close(self, code: int, reason: str) -> None:
        """Close the Engine.IO connection from our side."""
        await self.close_session()  # at once; the goodbye can wait for a peer that does not read
        if self.queue.websocket is not None:
            await self.queue.websocket.close(code, reason)
        else:
            await self.queue.join()  # after the disconnect no poll is answered any more
            await self._server.eio.disconnect(self._eio_sid)

    async def dismiss(self, transport: SocketioTransport, reason: str) -> None:
        """Say why and disconnect the namespace; close the connection of who does not take that."""
        frame = transport.encode_error(None, DomainError("unauthenticated", reason))
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await transport.write(frame)
                await self._server.disconnect(transport.sid, namespace=NAMESPACE)
        except TimeoutError:
            await self.close(Close.UNAUTHENTICATED, reason)

    # Packets

    async def take(self, data: Any) -> None:
        async with self._turn:
            session = self.session
            if session is None:
                await self._take_stray(data)
            elif isinstance(data, bytes):  # an attachment; its packet has been refused
                session.admit(len(data))
            else:  # by polling, the engine has already decoded what is JSON, which no Socket.IO packet is
                await self._take_packet(session, data if isinstance(data, str) else "")

    async def _take_stray(self, data: Any) -> None:
        """A connect packet. Others were on their way when the session ended, or come from no proper client."""
        self._strays += 1
        if self._strays > STRAY_PACKETS or len(str(data)) > settings.CHAT.frame_bytes:
            await self.close(Close.POLICY, "not connected to a namespace")
        elif isinstance(data, str) and data[:1] == "0":
            await self._connect(data)

    async def _connect(self, data: str) -> None:
        await self._delegate(data)
        if self.transport is None:
            return
        if self._is_gone:  # while the token was looked at; the library has missed it too
            await self.close_session()
            await self._server.manager.disconnect(self.transport.sid, NAMESPACE)
        else:
            self.transport.open()

    async def _delegate(self, data: str) -> None:
        """A namespace's connect or disconnect packet is the library's to take."""
        try:
            await self._server.take_namespace_packet(self._eio_sid, data)
        except ValueError as error:
            logger.debug("a malformed packet: %s", error)
            await self.close(Close.POLICY, "malformed packet")

    async def _take_packet(self, session: Session, data: str) -> None:
        encoded = data.encode("utf-8", "surrogatepass")
        found = _match_event(data)
        # Matched first, so that a refusal for the rate reaches the callback that waits for it.
        if not session.admit(len(encoded), (found.group(2) or None) if found is not None else None):
            return
        if found is not None:
            kind, ref = found.groups()
            # The prefix is ASCII, so its length in bytes is its length.
            await self._take_event(session, kind, encoded[found.end() :], ref or None)
        elif data[:1] in {"0", "1"}:
            await self._delegate(data)
        elif data[:1] not in {"3", "6"}:  # acks; we ask for none
            session.answer_error(None, invalid("The packet is not a Socket.IO event of this namespace."))

    async def _take_event(self, session: Session, kind: str, arguments: bytes, ref: Ref) -> None:
        if kind == "5":
            session.answer_error(ref, invalid("Data must be JSON, without binary attachments."))
            return
        try:
            call = _decode_call(arguments)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            session.answer_error(ref, from_decoding(error))
            return
        await session.receive(call.event, call.data, ref, _decode_data)
