"""HTTP answers of Engine.IO, with CORS headers and with the error codes of the reference implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chatsite.realtime import origins

# The numbers and texts of engine.io's server.
UNKNOWN_TRANSPORT: Final = (0, "Transport unknown")
UNKNOWN_SESSION: Final = (1, "Session ID unknown")
BAD_METHOD: Final = (2, "Bad handshake method")
BAD_REQUEST: Final = (3, "Bad request")
FORBIDDEN: Final = (4, "Forbidden")
UNSUPPORTED_VERSION: Final = (5, "Unsupported protocol version")


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    text: str
    content_type: bytes = b"text/plain; charset=UTF-8"


def refusal(reason: tuple[int, str]) -> Response:
    code, message = reason
    body = msgspec.json.encode({"code": code, "message": message}).decode()
    return Response(400, body, b"application/json")


async def respond(scope: dict[str, Any], send: Any, response: Response) -> None:
    body = response.text.encode("utf-8", "surrogatepass")
    headers = [
        (b"content-type", response.content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *cors_headers(scope),
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def cors_headers(scope: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Return the headers with which an allowed page may read the answer, and none for other pages."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    if origin is None or not is_allowed_page(scope):
        return []
    allowed = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]
    if scope["method"] == "OPTIONS":
        allowed.append((b"access-control-allow-methods", b"OPTIONS, GET, POST"))
        if b"access-control-request-headers" in headers:
            allowed.append((b"access-control-allow-headers", headers[b"access-control-request-headers"]))
    return allowed


def is_allowed_page(scope: dict[str, Any]) -> bool:
    """Return whether the request comes from an allowed page, or from no page."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    if origin is None:
        return True
    host = headers.get(b"host", b"").decode("latin-1")
    try:
        return origins.is_allowed(origin.decode("latin-1"), origins.scheme_of(scope), host)
    except ValueError:  # the header is not an origin, as in `http://[`
        return False
