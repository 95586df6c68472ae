"""Log one line for each request and each WebSocket, the same under every server, and give it a log context.

The id of a request comes from `X-Request-ID` or is new, and the answer returns it. The line has the path without its
query string. The `send` of a WebSocket is not wrapped: frames would become slower, and `servers.sockets` finds the
server's socket only behind the server's own `send`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import LazyObject

from chatsite.observability import logs
from chatsite.observability.metrics import measures

logger = logging.getLogger("chatsite.access")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

PROBE_PATHS: Final = ("/healthz", "/readyz", "/metrics")  # requested every few seconds; logged at DEBUG
CLIENT_GONE: Final = 499  # the status that nginx logs for a client that disconnected before the answer
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class SentResponse:
    status: int = 0
    size: int = 0


class WithAccessLog:
    """Give each request and each WebSocket a log context, and log its end."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            return self._serve_request(scope, receive, send)
        return self._serve_websocket(scope, receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = logs.begin(header(scope, b"x-request-id"))
        response, began = SentResponse(), perf_counter()

        async def send_with_id(message: Any) -> None:
            if message["type"] == "http.response.start":
                response.status = message["status"]
                id_header = (b"x-request-id", context.request_id.encode())
                message = {**message, "headers": [*message.get("headers", ()), id_header]}
            else:
                response.size += len(message.get("body", b""))
            await send(message)

        try:
            await self.application(scope, receive, send_with_id)
        except asyncio.CancelledError:
            response.status = CLIENT_GONE
            raise
        except Exception:
            response.status = 500
            raise
        finally:
            _log_request(scope, context, response, perf_counter() - began)

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        logs.begin(header(scope, b"x-request-id"))
        transport = "socketio" if scope["path"].startswith("/socket.io") else "native"
        measures.sockets_opened.add(1, transport)
        began, client = perf_counter(), client_of(scope)  # the application drops the headers to save memory
        try:
            await self.application(scope, receive, send)
        finally:
            seconds = perf_counter() - began
            fields = {"path": scope["path"], "client": client, "seconds": round(seconds, 3)}
            logger.info("WEBSOCKET %s ended", scope["path"], extra={"fields": fields})


def _log_request(scope: Scope, context: logs.LogContext, response: SentResponse, seconds: float) -> None:
    path, method = (
        _without_secret(scope["path"], context),
        scope["method"] if scope["method"] in METHODS else "other",
    )
    if path.startswith("/socket.io"):
        context.route = "socket.io/"
    is_probe = path.rstrip("/") in PROBE_PATHS
    route = path.strip("/") if is_probe else context.route or "unmatched"
    if route != "socket.io/":  # a long poll waits for events, so its time says nothing about the server
        measures.http_seconds.observe(seconds)
    measures.http_requests.add(1, method, route, str(response.status))
    fields = {
        "method": method,
        "path": path,
        "route": route,
        "status": response.status,
        "bytes": response.size,
        "client": client_of(scope),
        "ms": round(seconds * 1000, 1),
    }
    logger.log(
        logging.DEBUG if is_probe else logging.INFO,
        "%s %s %d",
        method,
        path,
        response.status,
        extra={"fields": fields},
    )


def _without_secret(path: str, context: logs.LogContext) -> str:
    return path.replace(context.path_secret, logs.REDACTED) if context.path_secret else path


def header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def client_of(scope: Scope) -> str:
    """Return the client's address: the peer's, or the one that the proxies counted by TRUSTED_PROXIES have added."""
    proxies = int(settings.REST_FRAMEWORK.get("NUM_PROXIES") or 0)
    forwarded = [part.strip() for part in header(scope, b"x-forwarded-for").split(",") if part.strip()]
    if proxies and forwarded:
        return forwarded[-min(proxies, len(forwarded))]
    return str((scope.get("client") or ("",))[0])


# --- The route and the user, which only Django knows ------------------------------------------------------------------


def note_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: write the request's route and user into the log context."""

    def note(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        _fill_context(request)
        return response

    return note


def _fill_context(request: HttpRequest) -> None:
    context = logs.current()
    if context is None:
        return
    match = request.resolver_match
    if match is not None:
        context.route = readable_route(match.route)
        context.path_secret = str(match.kwargs.get("token", ""))
    user_id = _known_user_id(request)
    if user_id is not None:
        context.user_id = user_id


def _known_user_id(request: HttpRequest) -> str | None:
    """Return the user's id if it is known without a query: from the token, or from a session that was read."""
    user: Any = getattr(request, "user", None)
    if user is not None and not isinstance(user, LazyObject):
        return None if user.pk is None else str(user.pk)
    session: Any = getattr(request, "session", None)
    return session.get(SESSION_KEY) if session is not None and session.accessed else None


def readable_route(route: str) -> str:
    """Turn `^chat/conversations/(?P<pk>[^/]+)/?$` into `chat/conversations/{pk}`."""
    named = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", route)
    named = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named)
    return re.sub(r"/\?$|[\^$]|\\", "", named.replace("/?$", "")) or "/"


# --- The servers' own logs --------------------------------------------------------------------------------------------


class WithoutQueries(logging.Filter):
    """Remove the query string from every address in a record's arguments. No record is dropped."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _without_query(one) if isinstance(one, str) and one[:1] == "/" else one for one in record.args
            )
        return True


class WithoutSockets(logging.Filter):
    """Drop uvicorn's three lines for each socket, because our one line says the same. Keep its refusals."""

    DROPPED: Final = ('%s - "WebSocket %s" [accepted]', "connection open", "connection closed")

    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg not in self.DROPPED


def _without_query(address: str) -> str:
    path, mark, _ = address.partition("?")
    return path + mark


def tidy_access_logs() -> None:
    """Keep query strings out of uvicorn's logs, and its lines about each socket.

    A query string contains the ticket of a WebSocket, or the words that somebody searched for. uvicorn writes the whole
    addresses of requests to one logger, and those of WebSockets to the other.
    """
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addFilter(WithoutQueries())
    logging.getLogger("uvicorn.error").addFilter(WithoutSockets())
