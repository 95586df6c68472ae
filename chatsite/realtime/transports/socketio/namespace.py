"""A Socket.IO client: its connect and disconnect packets, and its session in the namespace."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final
from uuid import uuid4

import msgspec
from django.conf import settings

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError, as_domain_error, from_decoding, invalid
from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.runtime import ProcessRuntime, get_runtime
from chatsite.realtime.session import LiveSession
from chatsite.realtime.transport import Close, Ref
from chatsite.realtime.transports.socketio import packets
from chatsite.realtime.transports.socketio.engine import EngineConnection
from chatsite.realtime.transports.socketio.packets import NAMESPACE

STRAY_PACKETS: Final = 10  # packets of a client without a session; with more, the connection closes
DISCONNECT_SECONDS: Final = 1.0  # for a client to take the error and the disconnect packet

NO_BINARY: Final = invalid("Data must be JSON, without binary attachments.")


class Call(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """An event from a client: `[event, data]`."""

    event: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


_decode_call = msgspec.json.Decoder(Call).decode
_match_event = re.compile(r"([25])(?:(\d{1,4})-)?/chat,(\d{0,15})(?!\d)", re.ASCII).match


def _decode_data(raw: msgspec.Raw, struct: type) -> Any:
    return msgspec.json.decode(raw, type=struct)


class SocketioTransport:
    """The transport of one session. Frames are Socket.IO packets within Engine.IO packets. A `ref` is an ack id."""

    __slots__ = ("_client", "_opening")

    def __init__(self, client: NamespaceClient) -> None:
        self._client = client
        self._opening: asyncio.Event | None = asyncio.Event()

    @property
    def kind(self) -> str:
        return "polling" if self._client.engine.websocket is None else "socketio"

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
        """Begin to write frames, because the client has got its connect packet."""
        if self._opening is not None:
            self._opening.set()
            self._opening = None

    def write_now(self, frames: Iterable[bytes]) -> bool:
        return self._opening is None and self._client.engine.write_now(frames)

    async def write(self, frame: bytes) -> None:
        if self._opening is not None:
            await self._opening.wait()
        await self._client.engine.write(frame)

    async def close(self, code: int, reason: str) -> None:
        """Disconnect a client without valid credentials from the namespace. Close the connection of other clients.

        Socket.IO clients reconnect after the connection closed, but not after the server disconnected the namespace.
        """
        if code == Close.UNAUTHENTICATED:
            await self._client.dismiss(self, reason)
        else:
            await self._client.engine.close(code, reason)


class NamespaceClient:
    """Process the packets of a connection one after the other, so that commands run in order over several requests."""

    def __init__(self, engine: EngineConnection) -> None:
        self.engine = engine
        self.session: LiveSession | None = None
        self._turn = asyncio.Lock()
        self._strays = 0
        self._attachments = 0  # binary messages that still follow a refused packet
        self._deadline: asyncio.TimerHandle | None = None
        self._expect_session()

    # The session

    def _expect_session(self) -> None:
        """Close the connection if it is still without a session after `authenticate_seconds`."""
        seconds = settings.CHAT.authenticate_seconds
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._close_idle)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_idle(self) -> None:
        if self._turn.locked():  # a packet is being processed, perhaps the connect packet
            self._expect_session()
        elif self.session is None:
            reason = f"not connected to {NAMESPACE} in time"
            self.engine.spawn(self.engine.close(Close.UNAUTHENTICATED, reason))

    async def _close_session(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            await session.close()

    async def closed(self) -> None:
        """Close the session, because the Engine.IO connection has ended."""
        self._stop_deadline()
        await self._close_session()

    async def _leave(self) -> None:
        """Leave the namespace. The client may connect again."""
        await self._close_session()
        if not self.engine.is_closed:
            self._stop_deadline()
            self._expect_session()

    async def dismiss(self, transport: SocketioTransport, reason: str) -> None:
        """Send the reason and disconnect the namespace. Close the connection if the client does not read these."""
        frame = transport.encode_error(None, DomainError("unauthenticated", reason))
        await self._leave()
        try:
            async with asyncio.timeout(DISCONNECT_SECONDS):
                await transport.write(frame)
                await self.engine.write(f"41{NAMESPACE},".encode())
        except TimeoutError:
            await self.engine.close(Close.UNAUTHENTICATED, reason)

    # Connecting

    async def _connect(self, packet: str) -> None:
        try:
            namespace, auth = packets.decode_connect(packet)
        except packets.MalformedPacket:
            await self.engine.close(Close.POLICY, "malformed packet")
            return
        if namespace != NAMESPACE:
            hint = {"code": "not_found", "message": f"Connect to the namespace {NAMESPACE}."}
            await self._refuse(namespace, "Invalid namespace", hint)
        elif self.session is not None:
            error = invalid("The client is already connected.")
            await self._refuse(namespace, error.message, error.as_dict())
        else:
            await self._enter(auth)

    async def _refuse(self, namespace: str, message: str, data: dict[str, Any]) -> None:
        await self.engine.write(packets.encode_connect_error(namespace, message, data).encode())

    async def _enter(self, auth: Any) -> None:
        transport = SocketioTransport(self)
        session: LiveSession | None = None
        try:
            runtime = await get_runtime()
            async with runtime.limit_openings():
                if self.engine.is_gone:
                    return  # the client left while it waited
                session = LiveSession(transport, runtime)
                await session.open(await identify(runtime, auth))
        except Exception as error:  # noqa: BLE001  every failure has its answer
            if session is not None:
                await session.close()
            await self._answer_failure(as_domain_error(error))
            return
        self.session = session
        self._stop_deadline()
        if self.engine.is_closed:  # it closed while the token was checked
            await self._close_session()
            return
        await self.engine.write(b'40/chat,{"sid":"%b"}' % uuid4().hex.encode())
        transport.open()

    async def _answer_failure(self, error: DomainError) -> None:
        if error.code in {"internal", "unavailable"}:
            # A client does not retry after a connect error, but it does after the connection closed.
            await self.engine.close(Close.TRY_LATER, error.message)
        else:
            await self._refuse(NAMESPACE, error.message, error.as_dict())

    # Packets

    async def take(self, message: str | bytes) -> None:
        async with self._turn:
            session = self.session
            if session is None:
                await self._take_stray(message)
            elif isinstance(message, bytes):
                self._take_binary(session, message)
            else:
                await self._take_packet(session, message)

    async def _take_stray(self, message: str | bytes) -> None:
        """Process a packet of a client without a session: a connect packet, or one that was sent before it ended."""
        self._strays += 1
        if self._strays > STRAY_PACKETS or len(message) > settings.CHAT.frame_bytes:
            await self.engine.close(Close.POLICY, "not connected to a namespace")
        elif isinstance(message, str) and message[:1] == packets.CONNECT:
            await self._connect(message)

    def _take_binary(self, session: LiveSession, message: bytes) -> None:
        if self._attachments > 0:
            self._attachments -= 1  # the packet it belongs to has been refused
            session.admit(len(message))
        elif session.admit(len(message)):
            session.answer_error(None, NO_BINARY)

    async def _take_packet(self, session: LiveSession, packet: str) -> None:
        encoded = packet.encode("utf-8", "surrogatepass")
        found = _match_event(packet)
        # The ack id is matched first, so that a rate-limit error reaches the callback that waits for it.
        if not session.admit(len(encoded), (found.group(3) or None) if found is not None else None):
            return
        if found is not None:
            kind, attachments, ref = found.groups()
            if kind == packets.BINARY_EVENT:
                self._attachments = int(attachments or 0)
                session.answer_error(ref or None, NO_BINARY)
            else:  # the prefix is ASCII, so its length in bytes is its number of characters
                await _take_event(session, encoded[found.end() :], ref or None)
        elif packet[:1] == packets.CONNECT:
            await self._connect(packet)
        elif packet[:1] == packets.DISCONNECT:
            if packets.decode_namespace(packet[1:])[0] == NAMESPACE:
                await self._leave()
        elif packet[:1] not in {packets.ACK, packets.BINARY_ACK}:  # the server requests no acks
            session.answer_error(None, invalid("The packet is not a Socket.IO event of this namespace."))


async def _take_event(session: LiveSession, arguments: bytes, ref: Ref) -> None:
    try:
        call = _decode_call(arguments)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        session.answer_error(ref, from_decoding(error))
        return
    await session.receive(call.event, call.data, ref, _decode_data)


async def identify(runtime: ProcessRuntime, auth: Any) -> Identity:
    """Return the identity of `auth: {token}` or `auth: {ticket}`."""
    authentication = registry.get_authentication()
    credentials = auth if isinstance(auth, dict) else {}
    token, ticket = credentials.get("token"), credentials.get("ticket")
    if isinstance(token, str) and token:
        return await runtime.ask(authentication.by_tokens, token)
    if isinstance(ticket, str) and ticket:
        return await in_database_thread(authentication.by_ticket, ticket)
    raise DomainError("unauthenticated", "Connect with auth: {token}.")
