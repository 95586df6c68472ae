"""Engine.IO over long polling: POST requests bring packets, and GET requests fetch them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

from django.conf import settings

from chatsite.realtime.transports.socketio import packets
from chatsite.realtime.transports.socketio.engine import EngineConnection
from chatsite.realtime.transports.socketio.http import BAD_REQUEST, Response, refusal

# Clients before 4.5 and python-socketio put all waiting packets into one body, and ignore `maxPayload`.
BODY_FRAMES: Final = 16
BODY_SECONDS: Final = 30.0


async def poll(connection: EngineConnection, receive: Any) -> Response:
    text = await connection.poll(partial(_until_gone, receive))
    return refusal(BAD_REQUEST) if text is None else Response(200, text)


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def post(connection: EngineConnection, receive: Any) -> Response:
    """Process the packets of a body one after the other. A malformed or too large body closes the connection."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            received = packets.decode_body(await _read(receive))
        _check_sizes(received)
    except (packets.MalformedPacket, TimeoutError):
        await connection.lose()
        return refusal(BAD_REQUEST)
    for packet in received:
        if not await connection.take(packet):
            await connection.lose()
            if packet[:1] != packets.CLOSE:
                return refusal(BAD_REQUEST)
            break
    return Response(200, "ok")


async def _read(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise packets.MalformedPacket("the client left")
        body += message.get("body", b"")
        if len(body) > BODY_FRAMES * settings.CHAT.frame_bytes:
            raise packets.MalformedPacket("the body is too large")
        if not message.get("more_body", False):
            return bytes(body)


def _check_sizes(received: list[str | bytes]) -> None:
    most = settings.CHAT.frame_bytes + 1  # and the packet's type
    for packet in received:
        if len(packet.encode("utf-8", "surrogatepass") if isinstance(packet, str) else packet) > most:
            raise packets.MalformedPacket("a packet is too large")
