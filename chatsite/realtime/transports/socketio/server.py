"""The ASGI application at `/socket.io/`. It opens Engine.IO connections and finds them by their `sid`.

`docs/socketio.md` describes what clients see.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from django.conf import settings

from chatsite.realtime.transports.socketio import http, packets, polling, websocket
from chatsite.realtime.transports.socketio.engine import EngineConnection
from chatsite.realtime.transports.socketio.namespace import NamespaceClient

PATH: Final = "/socket.io"


class SocketioServer:
    def __init__(self) -> None:
        self.connections: dict[str, EngineConnection] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        query = {
            name: values[0]
            for name, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()
        }
        if scope["type"] == "websocket":
            await self._serve_websocket(scope, query, receive, send)
        else:
            await http.respond(scope, send, await self._answer(scope, query, receive))

    def _open(self) -> EngineConnection:
        connection = EngineConnection(self._forget)
        connection.messages = NamespaceClient(connection)
        self.connections[connection.sid] = connection
        return connection

    def _forget(self, connection: EngineConnection) -> None:
        self.connections.pop(connection.sid, None)

    # HTTP

    async def _answer(self, scope: dict[str, Any], query: dict[str, str], receive: Any) -> http.Response:
        if not http.is_allowed_page(scope):
            return http.refusal(http.FORBIDDEN)
        method = scope["method"]
        if method == "OPTIONS":
            return http.Response(200, "")
        if query.get("EIO") != "4":
            return http.refusal(http.UNSUPPORTED_VERSION)
        if query.get("transport") != "polling":
            return http.refusal(http.UNKNOWN_TRANSPORT)
        if "sid" not in query:
            return self._open_polling() if method == "GET" else http.refusal(http.BAD_METHOD)
        connection = self.connections.get(query["sid"])
        if connection is None:
            return http.refusal(http.UNKNOWN_SESSION)
        if connection.websocket is not None:
            return http.refusal(http.BAD_REQUEST)
        if method == "GET":
            return await polling.poll(connection, receive)
        if method == "POST" and not connection.is_closed:
            return await polling.post(connection, receive)
        return http.refusal(http.BAD_REQUEST)

    def _open_polling(self) -> http.Response:
        return http.Response(200, _open_packet(self._open(), ["websocket"]))

    # WebSocket

    async def _serve_websocket(
        self, scope: dict[str, Any], query: dict[str, str], receive: Any, send: Any
    ) -> None:
        is_sound = query.get("EIO") == "4" and query.get("transport") == "websocket"
        if not is_sound or not http.is_allowed_page(scope):
            await websocket.refuse(receive, send)
        elif "sid" in query:
            await self._serve_upgrade(query["sid"], receive, send)
        elif (socket := await websocket.accept(receive, send)) is not None:
            connection = self._open()
            connection.websocket = socket
            await connection.write(_open_packet(connection, []).encode())
            await websocket.serve(connection, receive)

    async def _serve_upgrade(self, sid: str, receive: Any, send: Any) -> None:
        connection = self.connections.get(sid)
        if connection is None or connection.is_gone:
            await websocket.refuse(receive, send)
            return
        socket = await websocket.accept(receive, send)
        if socket is None:
            return
        is_first = not connection.is_upgrading and connection.websocket is None
        if is_first and await websocket.upgrade(connection, socket, receive):
            await websocket.serve(connection, receive)
        else:
            await websocket.close(socket, websocket.PROTOCOL_ERROR, "no upgrade")


def _open_packet(connection: EngineConnection, upgrades: list[str]) -> str:
    limits = settings.CHAT
    handshake = {
        "sid": connection.sid,
        "upgrades": upgrades,
        "pingInterval": int(limits.ping_seconds * 1000),
        "pingTimeout": int(limits.pong_seconds * 1000),
        "maxPayload": limits.frame_bytes,
    }
    return packets.OPEN + msgspec.json.encode(handshake).decode()


server: Final = SocketioServer()


def socketio_application(other: Any) -> Any:
    """Return an ASGI application that serves `/socket.io/` over HTTP and WebSocket, and passes on everything else."""

    def serve(scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
        path = scope["path"]
        chosen = server if path == PATH or path.startswith(f"{PATH}/") else other
        connection: Awaitable[None] = chosen(scope, receive, send)
        return connection

    return serve
