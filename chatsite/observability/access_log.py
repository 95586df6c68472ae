"""One line for each request and each WebSocket, the same under every server, and its log context.

A request's id is taken from `X-Request-ID`, or made, and answered back. The line has the path without its query
string. A WebSocket's `send` is left as it is: frames must not pay for a log, and closing with any code needs the
server's own object.
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

QUIET: Final = ("/healthz", "/readyz", "/metrics")  # asked every few seconds; logged at DEBUG
CLIENT_GONE: Final = 499  # nginx's number for a client that did not wait
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class Answered:
    status: int = 0
    size: int = 0


class WithAccessLog:
    """Gives each request and each WebSocket a log context, and logs its end."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            return self._serve_request(scope, receive, send)
        return self._serve_websocket(scope, receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = logs.begin(header(scope, b"x-request-id"))
        answered, began = Answered(), perf_counter()

        async def send_with_id(message: Any) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                id_header = (b"x-request-id", context.request_id.encode())
                message = {**message, "headers": [*message.get("headers", ()), id_header]}
            else:
                answered.size += len(message.get("body", b""))
            await send(message)

        try:
            await self.application(scope, receive, send_with_id)
        except asyncio.CancelledError:
            answered.status = CLIENT_GONE
            raise
        except Exception:
            answered.status = 500
            raise
        finally:
            _note_request(scope, context, answered, perf_counter() - began)

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        logs.begin(header(scope, b"x-request-id"))
        transport = "socketio" if scope["path"].startswith("/socket.io") else "native"
        measures.sockets_opened.add(1, transport)
        began, client = perf_counter(), client_of(scope)  # the headers are let go while it lives
        try:
            await self.application(scope, receive, send)
        finally:
            seconds = perf_counter() - began
            fields = {"path": scope["path"], "client": client, "seconds": round(seconds, 3)}
            logger.info("WEBSOCKET %s ended", scope["path"], extra={"fields": fields})


def _note_request(scope: Scope, context: logs.LogContext, answered: Answered, seconds: float) -> None:
    path, method = scope["path"], scope["method"] if scope["method"] in METHODS else "other"
    if path.startswith("/socket.io"):
        context.route = "socket.io/"
    quiet = path.rstrip("/") in QUIET
    route = path.strip("/") if quiet else context.route or "unmatched"
    if route != "socket.io/":  # a poll waits for its events
        measures.http_seconds.observe(seconds)
    measures.http_requests.add(1, method, route, str(answered.status))
    fields = {
        "method": method,
        "path": path,
        "route": route,
        "status": answered.status,
        "bytes": answered.size,
        "client": client_of(scope),
        "ms": round(seconds * 1000, 1),
    }
    logger.log(
        logging.DEBUG if quiet else logging.INFO,
        "%s %s %d",
        method,
        path,
        answered.status,
        extra={"fields": fields},
    )


def header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def client_of(scope: Scope) -> str:
    """The client's address: the peer's, or what the proxies that TRUSTED_PROXIES counts have added."""
    proxies = int(settings.REST_FRAMEWORK.get("NUM_PROXIES") or 0)
    forwarded = [part.strip() for part in header(scope, b"x-forwarded-for").split(",") if part.strip()]
    if proxies and forwarded:
        return forwarded[-min(proxies, len(forwarded))]
    return str((scope.get("client") or ("",))[0])


# --- What only Django knows of a request ------------------------------------------------------------------------------


def note_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: tells the log context the request's route and user."""

    def note(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        _tell_context(request)
        return response

    return note


def _tell_context(request: HttpRequest) -> None:
    context = logs.current()
    if context is None:
        return
    match = request.resolver_match
    if match is not None:
        context.route = readable_route(match.route)
    user_id = _known_user_id(request)
    if user_id is not None:
        context.user_id = user_id


def _known_user_id(request: HttpRequest) -> str | None:
    """Return the user's id where it is known already: from the token, or from the session if it has been read."""
    user: Any = getattr(request, "user", None)
    if user is not None and not isinstance(user, LazyObject):
        return None if user.pk is None else str(user.pk)
    session: Any = getattr(request, "session", None)
    return session.get(SESSION_KEY) if session is not None and session.accessed else None


def readable_route(route: str) -> str:
    """`^chat/conversations/(?P<pk>[^/]+)/?$` as `chat/conversations/{pk}`."""
    named = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", route)
    named = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named)
    return re.sub(r"/\?$|[\^$]|\\", "", named.replace("/?$", "")) or "/"


# --- What the servers log themselves ----------------------------------------------------------------------------------


class WithoutQueries(logging.Filter):
    """Cuts what follows the `?` off every address in a record's arguments. Changes records, and drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _cut(one) if isinstance(one, str) and one[:1] == "/" else one for one in record.args
            )
        return True


class WithoutSockets(logging.Filter):
    """Drops what uvicorn says of each socket's life, three lines that ours says in one. Its refusals stay."""

    LIVES: Final = ('%s - "WebSocket %s" [accepted]', "connection open", "connection closed")

    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg not in self.LIVES


def _cut(address: str) -> str:
    path, mark, _ = address.partition("?")
    return path + mark


def tidy_access_logs() -> None:
    """One line for each request and each socket, and none with a query string.

    A query string holds a WebSocket's ticket, or the words that somebody searched for.

    uvicorn writes whole addresses: of requests to one logger, of WebSockets to the other. daphne prints its own log to
    the standard output and asks no logger; it is silenced, as ours says the same.
    """
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addFilter(WithoutQueries())
    logging.getLogger("uvicorn.error").addFilter(WithoutSockets())
