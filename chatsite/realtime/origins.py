"""Which web pages may open a socket.

Browsers send `Origin` with every WebSocket and follow no CORS rules there, so a foreign page could otherwise use a
visitor's cookies. Clients outside of browsers send none, and bring a token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def scheme_of(scope: MutableMapping[str, Any]) -> str:
    """How the client came: `https` or `wss` for TLS, also where a proxy has ended it that TRUST_PROXY_TLS believes."""
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        variable, secure = settings.SECURE_PROXY_SSL_HEADER
        name = variable.removeprefix("HTTP_").replace("_", "-").lower().encode()
        told = next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)
        if told is not None:
            return "wss" if told.split(",", 1)[0].strip() == secure else "ws"
    return str(scope.get("scheme", "ws"))


def is_allowed(origin: str, scheme: str, host: str) -> bool:
    """Whether a page of `origin` may talk to us: one of FRONTEND_URL, or the very host that was asked."""
    if origin.lower() in settings.FRONTEND_ORIGINS:
        return True
    return is_same(origin, scheme, host)


def is_same(origin: str, scheme: str, host: str) -> bool:
    """Whether the page came from the host that the socket was opened to. `host` is checked by ALLOWED_HOSTS."""
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, _allowed_hosts()):
        return False
    try:
        parts, here = urlsplit(origin), urlsplit(f"//{host}")
        # A page that came without TLS may be anybody's on the way; a site that has TLS does not listen to it.
        if parts.scheme not in ({"https"} if scheme in {"wss", "https"} else {"http", "https"}):
            return False
        same_port = _port(parts.port, parts.scheme) == _port(here.port, parts.scheme)
    except ValueError:
        return False
    return same_port and (parts.hostname or "").lower() == (here.hostname or "").lower()


def _allowed_hosts() -> list[str]:
    return list(settings.ALLOWED_HOSTS) or [".localhost", "127.0.0.1", "[::1]"]


def _port(port: int | None, scheme: str) -> int:
    return port or _DEFAULT_PORTS[scheme]


class OriginCheck:
    """Refuses a foreign page's socket, and notes in the scope whether the page is our own (`same_origin`).

    Cookies are only believed where it is: without an `Origin` nobody knows whose page it was.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> Awaitable[None]:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        host = headers.get(b"host", b"").decode("latin-1")
        scheme = scheme_of(scope)
        if origin is not None and not is_allowed(origin.decode("latin-1"), scheme, host):
            return _refuse(receive, send)
        if origin is not None and is_same(origin.decode("latin-1"), scheme, host):
            scope["same_origin"] = True
        connection: Awaitable[None] = self.application(scope, receive, send)
        return connection


async def _refuse(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4403})
