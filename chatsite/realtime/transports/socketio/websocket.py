"""Engine.IO over WebSocket: a new connection, or the upgrade of a polling one."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from chatsite.realtime.servers.sockets import ServerSocket, server_socket
from chatsite.realtime.transports.socketio import packets
from chatsite.realtime.transports.socketio.engine import EngineConnection

UPGRADE_SECONDS: Final = 10.0  # from the handshake to the upgrade packet
NORMAL, PROTOCOL_ERROR = 1000, 1002


async def refuse(receive: Any, send: Any) -> None:
    """Refuse the handshake."""
    await receive()
    await send({"type": "websocket.close", "code": 4400})


async def accept(receive: Any, send: Any) -> ServerSocket | None:
    """Accept the handshake. Return None if the client has left."""
    if (await receive())["type"] != "websocket.connect":
        return None
    await send({"type": "websocket.accept"})
    socket = server_socket(send)
    socket.stop_pings()  # Engine.IO has its own pings
    return socket


async def upgrade(connection: EngineConnection, socket: ServerSocket, receive: Any) -> bool:
    """Upgrade from long polling: read the probe, answer it, end the waiting poll, and read the upgrade packet."""
    connection.begin_upgrade()
    try:
        async with asyncio.timeout(UPGRADE_SECONDS):
            if _packet_of(await receive()) != packets.PROBE:
                return False
            await socket.write(packets.PROBE_ANSWER.encode())
            connection.stop_polling()
            if _packet_of(await receive()) != packets.UPGRADE or connection.is_closed:
                return False
            await connection.finish_upgrade(socket)
            return True
    except (TimeoutError, OSError, RuntimeError):
        return False
    finally:
        connection.end_upgrade()


async def serve(connection: EngineConnection, receive: Any) -> None:
    """Read packets from the connection's WebSocket until it ends."""
    try:
        while not connection.is_closed:
            packet = _packet_of(await receive())
            if packet is None:
                break
            if not await connection.take(packet):
                if packet != packets.CLOSE:
                    await connection.close(PROTOCOL_ERROR, "not an Engine.IO packet")
                break
    finally:
        # The session ends first, because closing waits for a client that does not read.
        await connection.lose()
        await close(connection.websocket, NORMAL, "")


async def close(socket: ServerSocket | None, code: int, reason: str) -> None:
    """Close a socket. It may be closed already."""
    if socket is not None:
        with contextlib.suppress(OSError, RuntimeError):  # the client has left, or the socket is closed
            await socket.close(code, reason)


def _packet_of(message: dict[str, Any]) -> str | bytes | None:
    if message["type"] != "websocket.receive":
        return None
    text: str | None = message.get("text")
    return text if text is not None else message.get("bytes") or b""
