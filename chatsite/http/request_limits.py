"""Bound the body of every HTTP request before Django reads it, and declare the length of bodies that came in chunks.

Django limits forms only: it spools any other body to disk and reads it into memory whole. Django and Django REST
framework also take a request without `Content-Length` for one without a body, so the body of a request with
`Transfer-Encoding: chunked` would be lost. This ASGI middleware reads such a body first and then declares its length.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from django.conf import settings

from chatsite.errors import DomainError
from chatsite.http.error_answers import REFUSAL
from chatsite.http.request_time import is_upload

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# How much is read, as a multiple of the limit, before the answer. A client that is still sending would not see it.
DRAIN_FACTOR: Final = 8
CHUNK: Final = 64 * 1024  # bytes of one message when a spooled body is replayed
FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


# What a form has around its file.
FORM_BYTES: Final = 64 * 1024
CREDENTIALS: Final = frozenset({b"authorization", b"cookie"})


class BoundedBodies:
    """Refuse a body over `body_limit` with 413 `too_large`. Django answers, with its headers."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        limit = body_limit(scope)
        framing = {name: value for name, value in scope["headers"] if name in FRAMING}
        if b"transfer-encoding" in framing or (
            not framing and scope.get("http_version") not in {"1.0", "1.1"}
        ):
            await self._serve_undeclared(scope, receive, send, limit)
            return
        declared = _length(framing.get(b"content-length", b"0"))
        if declared <= limit:
            await self.application(scope, receive, send)
            return
        if declared <= DRAIN_FACTOR * limit and not await _drain(receive, declared):
            return
        await self._refuse(scope, send, limit)

    async def _serve_undeclared(self, scope: Message, receive: Receive, send: Send, limit: int) -> None:
        with SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE) as body:
            size, complete = await _spool(receive, body, limit)
            if size > limit:
                if complete or await _drain(receive, DRAIN_FACTOR * limit):
                    await self._refuse(scope, send, limit)
            elif complete:
                await self.application(_with_length(scope, size), _replay(body, size, receive), send)

    async def _refuse(self, scope: Message, send: Send, limit: int) -> None:
        error = DomainError("too_large", f"A request can have at most {limit} bytes.", {"limit": limit})
        scope = {**_with_length(scope, 0), REFUSAL: error}
        with SpooledTemporaryFile() as nothing:
            await self.application(scope, _replay(nothing, 0, _never), send)


def body_limit(scope: Message) -> int:
    """Return the limit of the request's body.

    An upload may be larger if it comes with credentials. These are checked after the body.
    """
    if not is_upload(scope) or not any(name in CREDENTIALS for name, _ in scope["headers"]):
        return int(settings.CHAT.request_bytes)
    return int(settings.CHAT.attachment_bytes) + FORM_BYTES


def _length(value: bytes) -> int:
    return int(value[:20]) if value.isdigit() else 0


def _with_length(scope: Message, size: int) -> Message:
    headers = [header for header in scope["headers"] if header[0] not in FRAMING]
    return {**scope, "headers": [*headers, (b"content-length", str(size).encode())]}


async def _spool(receive: Receive, body: IO[bytes], limit: int) -> tuple[int, bool]:
    """Write the body to the file. Return its size and whether it is complete. Stop when it exceeds the limit."""
    size = 0
    while size <= limit:
        message = await receive()
        if message["type"] != "http.request":
            return size, False  # the client has left
        part = message.get("body", b"")
        size += len(part)
        body.write(part)
        if not message.get("more_body", False):
            return size, True
    return size, False


async def _drain(receive: Receive, limit: int) -> bool:
    """Discard the rest of the body, up to the limit. Return False if the client has left."""
    while limit > 0:
        message = await receive()
        if message["type"] != "http.request":
            return False
        if not message.get("more_body", False):
            return True
        limit -= len(message.get("body", b""))
    return True


def _replay(body: IO[bytes], size: int, receive: Receive) -> Receive:
    """Return a `receive` that returns the spooled body, and then the messages of the server."""
    body.seek(0)
    left: int | None = size

    async def replay() -> Message:
        nonlocal left
        if left is None:
            return await receive()
        part = body.read(CHUNK)
        left -= len(part)
        more = left > 0 and bool(part)
        if not more:
            left = None
        return {"type": "http.request", "body": part, "more_body": more}

    return replay


async def _never() -> Message:
    return {"type": "http.disconnect"}
