"""Bounds the body of every HTTP request before Django sees it.

Django limits forms, and spools everything else to the disk and reads it into memory as a whole, however large it is.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from chatsite.errors import DomainError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


READ_ON = 8  # times the limit: who sends no more than that is read to the end, so that the answer arrives


class BoundedBodies:
    """Answers 413 `too_large` past `CHAT.request_bytes`, and lets the application see no more of the body than that."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        most = settings.CHAT.request_bytes
        request = _CountedRequest(receive, send, most)
        declared = _declared_length(scope)
        if declared <= most:
            await self.application(scope, request.receive, request.send)
            if request.room >= 0 or request.is_answered:
                return
        if declared <= READ_ON * most:
            await request.read_on(READ_ON * most)
        await _refuse(send)


class _CountedRequest:
    """`room` is what may still come, in bytes; below zero too much has come."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self.is_answered = False
        self.room = most
        self._receive, self._send = receive, send
        self._is_over = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.room -= len(message.get("body", b""))
            self._is_over = not message.get("more_body", False)
            if self.room < 0:
                return {"type": "http.disconnect"}  # Django gives the request up, and answers nothing
        else:
            self._is_over = True
        return message

    async def send(self, message: Message) -> None:
        self.is_answered = True
        await self._send(message)

    async def read_on(self, most: int) -> None:
        """Drop what still comes, up to `most` bytes. A client that is cut off while it sends never sees the answer."""
        while not self._is_over and self.room > -most:
            await self.receive()


def _declared_length(scope: Message) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def _refuse(send: Send) -> None:
    most = settings.CHAT.request_bytes
    error = DomainError("too_large", f"A request may hold at most {most} bytes.", {"limit": most})
    body = json.dumps({"error": error.as_dict()}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what still comes is not read
    ]
    await send({"type": "http.response.start", "status": error.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
