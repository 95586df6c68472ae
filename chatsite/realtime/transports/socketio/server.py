"""Socket.IO 4 (protocol 5, Engine.IO 4) at `/socket.io/`, namespace `/chat`, thin over `Session`.

python-socketio keeps connections, namespaces, long polling and the upgrade. A client's event goes from the engine
straight to the session, and an event to many clients is one text that was made once: the library would decode and
encode for every socket. `docs/socketio.md` tells what clients see.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any, Final

import socketio
from django.conf import settings
from engineio.payload import Payload
from socketio.exceptions import ConnectionRefusedError as Refused

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError, as_domain_error
from chatsite.realtime import origins, registry
from chatsite.realtime.identity import Identity
from chatsite.realtime.runtime import Runtime, get_runtime
from chatsite.realtime.transport import Close
from chatsite.realtime.transports.socketio import codec as engineio_json
from chatsite.realtime.transports.socketio.connection import NAMESPACE, Connection
from chatsite.realtime.transports.socketio.websocket import Engine

# A body is bounded by its size. The library's limit of 16 packets would drop what a browser sent in one turn.
Payload.max_decode_packets = settings.CHAT.frame_bytes

_NO_ENVIRON: Final[dict[str, Any]] = {}  # what a client's request said, for handlers: ours ask none of it
_library_logger = logging.getLogger("chatsite.realtime.transports.socketio.server.library")
_library_logger.setLevel(logging.WARNING)  # below that the library tells of every packet


class Namespaces(socketio.AsyncManager):  # type: ignore[misc]
    """Which client is in which namespace. The hub has the groups, so a room of each client's own serves nobody."""

    def basic_enter_room(
        self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None
    ) -> None:
        if room != sid:
            super().basic_enter_room(sid, namespace, room, eio_sid)


class ChatServer(socketio.AsyncServer):  # type: ignore[misc]
    """python-socketio's server, with our engine below and sessions above."""

    def __init__(self) -> None:
        super().__init__(
            async_mode="asgi",
            async_handlers=False,
            namespaces=[NAMESPACE],
            cors_allowed_origins=_is_allowed_origin,
            max_http_buffer_size=settings.CHAT.frame_bytes,
            http_compression=False,
            json=engineio_json,
            client_manager=Namespaces(),
            logger=_library_logger,
            engineio_logger=_library_logger,
        )
        self._connections: dict[str, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.on("connect", self._open, namespace=NAMESPACE)
        self.on("disconnect", self._close, namespace=NAMESPACE)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def take_namespace_packet(self, eio_sid: str, data: str) -> None:
        """The library's own dispatch, for connect and disconnect packets. Raises `ValueError` for a malformed one."""
        await super()._handle_eio_message(eio_sid, data)

    # Engine.IO

    def handle_request(self, scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
        """As the library does, without a coroutine that would stay as long as the socket."""
        request: Awaitable[None] = self.eio.handle_request(scope, receive, send)
        return request

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self.environ[eio_sid] = _NO_ENVIRON
        self._connections[eio_sid] = Connection(self, eio_sid, self.eio.sockets[eio_sid].queue)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        connection = self._connections.get(eio_sid)
        if connection is not None:
            await connection.take(data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        await super()._handle_eio_disconnect(eio_sid, reason)
        connection = self._connections.pop(eio_sid, None)
        if connection is not None:
            await connection.closed()
            if reason == self.reason.CLIENT_DISCONNECT:
                connection.queue.end_poll()

    # The namespace

    async def _open(self, sid: str, environ: dict[str, Any], auth: Any) -> bool | None:
        connection = self._connections[self.manager.eio_sid_from_sid(sid, NAMESPACE)]
        try:
            runtime = await get_runtime()
            async with runtime.turn_to_open():
                if connection.is_gone:
                    return False  # it waited longer than its client did
                await connection.open_session(sid, await _identify(runtime, auth))
        except Exception as error:
            refusal = as_domain_error(error)
            if refusal.code in {"internal", "unavailable"}:
                # A client gives up after connect_error; it shall try again.
                await connection.close(Close.TRY_LATER, refusal.message)
                return False
            raise Refused(refusal.message, refusal.as_dict()) from error
        return None

    async def _close(self, sid: str, reason: str) -> None:
        connection = self._connections.get(self.manager.eio_sid_from_sid(sid, NAMESPACE))
        if connection is not None:
            await connection.close_session()


async def _identify(runtime: Runtime, auth: Any) -> Identity:
    """By `auth: {token}` or `auth: {ticket}`."""
    authentication = registry.get_authentication()
    credentials = auth if isinstance(auth, dict) else {}
    token, ticket = credentials.get("token"), credentials.get("ticket")
    if isinstance(token, str) and token:
        return await runtime.ask(authentication.by_tokens, token)
    if isinstance(ticket, str) and ticket:
        return await in_database_thread(authentication.by_ticket, ticket)
    raise DomainError("unauthenticated", "Connect with auth: {token}.")


def _is_allowed_origin(origin: str | None, environ: dict[str, Any]) -> bool:
    """`origin` is None for clients outside of browsers, which the library lets in without asking."""
    if origin is None:
        return False
    scheme = origins.scheme_of(environ["asgi.scope"])
    try:
        return origins.is_allowed(origin, scheme, environ.get("HTTP_HOST", ""))
    except ValueError:  # no origin at all, as in `http://[`
        return False


server: Final = ChatServer()


def socketio_application(other: Any = None) -> Any:
    """The ASGI application of `/socket.io/`, over HTTP and WebSocket; everything else goes to `other`, or is 404.

    With `other` it goes below an application that is a coroutine function: servers take one that is none for ASGI 2.
    """
    return socketio.ASGIApp(server) if other is None else HandingOn(server, other)


class HandingOn(socketio.ASGIApp):  # type: ignore[misc]
    def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
        """Hands on what is not its own without a coroutine in between, which would stay as long as the socket."""
        own = self._ensure_trailing_slash(scope["path"]).startswith(self.engineio_path)
        serve = self.engineio_server.handle_request if own else self.other_asgi_app
        connection: Awaitable[None] = serve(scope, receive, send)
        return connection


application: Final = socketio_application()
