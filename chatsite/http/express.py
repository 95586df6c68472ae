"""Answers to the most frequent reads, without Django's request cycle.

An express answer is one that Django would have given too, only sooner:

- A reader answers 200 with a body, or None, and then Django answers. Whatever is refused, malformed, out of the
  ordinary or changes anything is Django's.
- The headers are those with which Django has answered the same kind of request before (same host, origin, language …),
  so that middleware has one place. Who has not been answered by Django yet goes there first.

An app adds a route with `add_route`; `docs/decisions/0005-express-reads.md` says what it brings.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.handlers.asgi import ASGIRequest

from chatsite.errors import DomainError
from chatsite.observability import logs
from chatsite.observability.metrics import measures

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

KINDS: Final = 1_000  # of requests whose headers are remembered
JSON: Final = frozenset({b"", b"*/*", b"application/json", b"application/json, text/plain, */*"})
# What Django's answer may depend on, beside the address and the user. Cookies and bodies go to Django.
TELLING: Final = frozenset(
    {
        b"host",
        b"origin",
        b"accept",
        b"accept-language",
        b"forwarded",
        b"x-forwarded-proto",
        b"x-forwarded-host",
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    token: str  # of `Authorization: Bearer`, not looked at yet
    key: str  # the id in the address
    query: str
    here: str  # the absolute address, with the query


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    user_id: str


Reader = Callable[[Asked], Awaitable[Answer | None]]
_routes: Final[list[tuple[re.Pattern[str], Reader]]] = []


def add_route(pattern: str, reader: Reader) -> None:
    """`pattern` matches whole paths and has one group, the key. `DomainError` of a reader is as None."""
    _routes.append((re.compile(pattern), reader))


@dataclass(frozen=True, slots=True)
class _Kind:
    """How Django answers one kind of request."""

    headers: list[tuple[bytes, bytes]]
    site: str  # scheme and host
    route: str  # for the log


class Express:
    """In front of Django's handler."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self._kinds: dict[tuple[Any, ...], _Kind] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for pattern, reader in _routes:
            found = pattern.fullmatch(scope["path"])
            if found and scope["method"] == "GET" and not scope.get("root_path"):
                await self._serve(scope, receive, send, found[1], reader)
                return
        await self.application(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, key: str, reader: Reader) -> None:
        headers = scope["headers"]
        named = dict(headers)
        scheme, _, token = named.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or b"cookie" in named or named.get(b"accept", b"") not in JSON:
            await self.application(scope, receive, send)
            return
        same = (reader, scope.get("scheme"), *(header for header in headers if header[0] in TELLING))
        kind = self._kinds.get(same)
        if kind is None:
            await self.application(scope, receive, self._learning(scope, same, send))
            return
        query = scope["query_string"].decode("latin-1")
        here = f"{kind.site}{scope['path']}{'?' if query else ''}{query}"
        answer = await _read(reader, Asked(token.strip(), key, query, here))
        if answer is None:
            await self.application(scope, receive, send)
            return
        measures.express_reads.add()
        _tell_log(kind, answer)
        length = (b"Content-Length", str(len(answer.body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [*kind.headers, length]})
        await send({"type": "http.response.body", "body": answer.body})

    def _learning(self, scope: Scope, same: tuple[Any, ...], send: Send) -> Send:
        async def send_and_learn(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                self._learn(scope, same, message["headers"])
            await send(message)

        return send_and_learn

    def _learn(self, scope: Scope, same: tuple[Any, ...], headers: list[tuple[bytes, bytes]]) -> None:
        if any(name.lower() == b"set-cookie" for name, _ in headers):
            return
        if len(self._kinds) >= KINDS:
            self._kinds.clear()
        kept = [header for header in headers if header[0].lower() != b"content-length"]
        site = ASGIRequest(scope, io.BytesIO()).build_absolute_uri("/").rstrip("/")
        context = logs.current()
        self._kinds[same] = _Kind(kept, site, context.route if context else "")


async def _read(reader: Reader, asked: Asked) -> Answer | None:
    try:
        return await reader(asked)
    except DomainError:
        return None  # Django finds the same, and says it
    except Exception:
        logger.exception("an express read failed; Django answers")
        return None


def _tell_log(kind: _Kind, answer: Answer) -> None:
    context = logs.current()
    if context is not None:
        context.route, context.user_id = kind.route, answer.user_id
