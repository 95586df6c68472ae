"""Limit the time for the body of a request, and send no body in an answer to HEAD, on every server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from django.conf import settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

BODY_SECONDS: Final = 60.0


UPLOADS: Final = ("/chat/uploads", "/send-file")
MAILS: Final = "/mail/inbound/"  # a mail provider brings answers with their files


def is_upload(scope: Scope) -> bool:
    """Return whether the request brings a file, which may be larger and take longer than other bodies."""
    path = str(scope.get("path", ""))
    return scope["method"] == "POST" and (path.rstrip("/").endswith(UPLOADS) or MAILS in path)


class TimedBodies:
    """Treat a client that has not sent its body in time as disconnected.

    The time is BODY_SECONDS, and for an upload `CHAT.upload_seconds`.
    """

    def __init__(self, application: Any, seconds: float = BODY_SECONDS) -> None:
        self.application = application
        self._seconds = seconds

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            seconds = settings.CHAT.upload_seconds if is_upload(scope) else self._seconds
            receive = self._in_time(receive, seconds)
            if scope["method"] == "HEAD":
                send = without_body(send)
        served: Awaitable[None] = self.application(scope, receive, send)
        return served

    def _in_time(self, receive: Receive, seconds: float) -> Receive:
        deadline = asyncio.get_running_loop().time() + seconds
        is_over = False

        async def receive_in_time() -> Any:
            nonlocal is_over
            if is_over:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                is_over = True
                return {"type": "http.disconnect"}
            is_over = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        return receive_in_time


def without_body(send: Send) -> Send:
    """Drop the content of an answer, because daphne would send it in an answer to HEAD."""

    async def send_head(message: Any) -> None:
        if message["type"] != "http.response.body":
            await send(message)
        elif not message.get("more_body", False):
            await send({"type": "http.response.body", "body": b""})

    return send_head
