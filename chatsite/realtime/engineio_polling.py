"""Engine.IO by long polling: a POST's body is looked at before the library reads it.

The library logs a traceback for a body that it cannot read, drops every packet in it, and answers 200. Here such a
body closes the connection with status 400, as one that is too large does.
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
    environ: dict[str, Any] = await translate_request(scope, receive, send)
    if environ.get("REQUEST_METHOD") == "POST":
        environ["wsgi.input"] = CheckedBody(environ["wsgi.input"])
    return environ
