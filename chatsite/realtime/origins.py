"""Decide which web pages may open a socket.

Browsers apply no CORS rules to WebSockets, but send `Origin` with each. Without this check, a page of another site
could use a visitor's cookies. Other clients send no `Origin`, and need a token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def scheme_of(scope: MutableMapping[str, Any]) -> str:
    """Return the scheme that the client used: `https` or `wss` for TLS, also if a trusted proxy terminates TLS."""
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        variable, secure = settings.SECURE_PROXY_SSL_HEADER
        name = variable.removeprefix("HTTP_").replace("_", "-").lower().encode()
        header = next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)
        if header is not None:
            return "wss" if header.split(",", 1)[0].strip() == secure else "ws"
    return str(scope.get("scheme", "ws"))


def is_allowed(origin: str, scheme: str, host: str) -> bool:
    """Return whether a page of `origin` may connect: it is in FRONTEND_URL, or from the host of the request."""
    if origin.lower() in settings.FRONTEND_ORIGINS:
        return True
    return is_same(origin, scheme, host)


def is_same(origin: str, scheme: str, host: str) -> bool:
    """Return whether the page is from the host of the request. `host` must be in ALLOWED_HOSTS."""
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, _allowed_hosts()):
        return False
    try:
        parts, here = urlsplit(origin), urlsplit(f"//{host}")
        # Anybody on the network can change a page without TLS, so a site with TLS refuses it.
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
    """Refuse sockets of other sites' pages, and set `same_origin` in the scope for pages of this site.

    Cookies count only with `same_origin`. Without an `Origin`, the page is unknown.
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
