"""Closing a WebSocket with any code of RFC 6455.

ASGI knows `websocket.close` with a code. daphne hands it to autobahn's `sendClose`, which lets applications use only
1000 and 3000-4999 and raises a bare `Exception` for the rest, so that a flood (1008) or an oversized frame (1009) would
leave the socket open. daphne itself closes with 1011 by the method below that check, on the protocol object that is
bound to its `send`; so do we.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from chatsite.realtime.servers.direct_write import autobahn_protocol

LONGEST_REASON = 120  # bytes; a close frame holds 123


async def close_websocket(send: Callable[[dict[str, Any]], Awaitable[None]], code: int, reason: str) -> None:
    """Close an accepted socket. Raises what the server raises when the peer has just gone."""
    text = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
    protocol = autobahn_protocol(send)
    if protocol is not None and not (code == 1000 or 3000 <= code <= 4999):
        protocol.sendCloseFrame(code=code, reasonUtf8=text.encode())
    else:
        await send({"type": "websocket.close", "code": code, "reason": text})
