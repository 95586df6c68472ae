"""Encode and decode packets of Engine.IO 4 and Socket.IO 5.

`42/chat,7["send_message",{…}]` is Engine.IO type 4, Socket.IO type 2, the namespace, the ack id, and the data.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final, NamedTuple

import msgspec

NAMESPACE: Final = "/chat"

# Engine.IO
OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
PROBE, PROBE_ANSWER = "2probe", "3probe"
SEPARATOR: Final = "\x1e"  # between the packets of one polling request
ENGINE_TYPES: Final = frozenset("0123456")

# Socket.IO
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = "0123456"


class MalformedPacket(Exception):
    """The text is not a packet of the protocol."""


def decode_body(body: bytes) -> list[str | bytes]:
    """Return the Engine.IO packets of a POST: text with its type, or the decoded bytes of a binary message."""
    try:
        texts = body.decode(errors="surrogateescape").split(SEPARATOR)
        return [_decode_binary(text) if text[:1] == "b" else _checked(text) for text in texts]
    except ValueError as error:  # also binascii.Error
        raise MalformedPacket(str(error)) from error


def _decode_binary(text: str) -> bytes:
    return base64.b64decode(text[1:])


def _checked(text: str) -> str:
    if text[:1] not in ENGINE_TYPES:
        raise MalformedPacket("a packet without a type")
    # An event that is not UTF-8 is refused later: alone, and with the id of its callback.
    if text[:2] != MESSAGE + EVENT:
        text.encode()
    return text


class Connect(NamedTuple):
    namespace: str
    auth: Any


_match_namespace = re.compile(r"(?:(/[^,]*)(?:,|$))?", re.ASCII).match


def decode_namespace(text: str) -> tuple[str, str]:
    """Split the text after the type into the namespace, without a query string, and the rest."""
    found = _match_namespace(text)
    assert found is not None  # the pattern also matches nothing
    return (found.group(1) or "/").partition("?")[0], text[found.end() :]


def decode_connect(packet: str) -> Connect:
    namespace, payload = decode_namespace(packet[1:])
    if payload[:1].isdigit():
        raise MalformedPacket("a connect packet has no ack id")
    try:
        return Connect(namespace, msgspec.json.decode(payload.encode()) if payload else None)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise MalformedPacket(str(error)) from error


def encode_connect_error(namespace: str, message: str, data: Any) -> str:
    address = "" if namespace == "/" else f"{namespace},"
    return f"44{address}{msgspec.json.encode({'message': message, 'data': data}).decode()}"
