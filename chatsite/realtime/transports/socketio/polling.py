"""The engine's view of a request: a POST's body is looked at before the library reads it.

The library logs a traceback for a body that it cannot read, drops every packet in it, and answers 200. Here such a
body closes the connection with status 400, as one that is too large does. A WebSocket's handshake has no body; the
library makes a class for each one, which only the garbage collector can take away.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from engineio.async_drivers.asgi import translate_request
from engineio.exceptions import EngineIOError

SEPARATOR = "\x1e"
TYPES = set("0123456")


class MalformedBody(EngineIOError):  # type: ignore[misc]
    """The library answers 400 to errors of this family, and closes the connection."""


class CheckedBody:
    """The body of a request, as the library reads it."""

    def __init__(self, body: Any) -> None:
        self._body = body

    async def read(self, length: int | None = None) -> bytes:
        """Raises `MalformedBody` unless every packet in it has a type, or is base64."""
        content: bytes = await self._body.read(length)
        try:
            packets = content.decode().split(SEPARATOR) if content else []
            sound = all(_is_packet(packet) for packet in packets)
        except (UnicodeDecodeError, binascii.Error) as error:
            raise MalformedBody(str(error)) from error
        if not sound:
            raise MalformedBody("a packet without a type")
        return content


def _is_packet(packet: str) -> bool:
    if packet[:1] == "b":
        base64.b64decode(packet[1:])
        return True
    return packet[:1] in TYPES


async def translate_checked(scope: dict[str, Any], receive: Any, send: Any) -> dict[str, Any]:
    """The library's view of a request, with its body checked."""
    environ: dict[str, Any]
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        environ = _of_handshake(scope)
        environ |= {"asgi.receive": receive, "asgi.send": send, "asgi.scope": scope}
        return environ
    environ = await translate_request(scope, receive, send)
    if environ.get("REQUEST_METHOD") == "POST":
        environ["wsgi.input"] = CheckedBody(environ["wsgi.input"])
    return environ


def _of_handshake(scope: dict[str, Any]) -> dict[str, Any]:
    """What the engine asks of a WebSocket's request, by the names of PEP 3333. Repeated headers are one, by commas."""
    environ = {
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "PATH_INFO": scope["path"],
    }
    for name, value in scope["headers"]:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
