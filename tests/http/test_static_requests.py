"""A small file is read on the request's thread. A large one is streamed on a separate thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core import signals
from django.db import close_old_connections
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from pytest_django import Settings

from chatsite.http.handler import SMALL, RequestHandler

pytestmark = pytest.mark.standalone

SCRIPT = "web/app.js"


class FileHandler(RequestHandler):
    """Serves one more file, at `/large`."""

    large: Path

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        return (
            FileResponse(self.large.open("rb")) if request.path == "/large" else super().get_response(request)
        )


@pytest.fixture
def handler(tmp_path: Path, settings: Settings) -> Iterator[FileHandler]:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True  # as in development
    handler = FileHandler()
    handler.large = tmp_path / "large"
    handler.large.write_bytes(bytes(range(256)) * (SMALL // 256) + b"!")
    yield handler
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)  # a handler removes it for the whole process


@pytest.fixture
def script() -> bytes:
    found = finders.find(SCRIPT)
    assert found
    return Path(found).read_bytes()


class Answer:
    """The answer to a request. A stream has several `parts`. `finished` counts the signals `request_finished`."""

    def __init__(self) -> None:
        self.status = self.parts = self.finished = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""

    async def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message.get("body", b"")
            self.parts += 1

    def finish(self, **_: object) -> None:
        self.finished += 1


async def answer_to(handler: RequestHandler, path: str, method: str = "GET", **headers: str) -> Answer:
    answer = Answer()
    sent = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return sent.pop() if sent else await asyncio.Event().wait()  # the client stays

    headers = {"host": "testserver", **headers}
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": listed}
    signals.request_finished.connect(answer.finish)
    try:
        await handler(scope, receive, answer.take)
    finally:
        signals.request_finished.disconnect(answer.finish)
    return answer


async def test_a_small_file_is_answered_whole(handler: FileHandler, script: bytes) -> None:
    answer = await answer_to(handler, f"/static/{SCRIPT}")
    assert (answer.status, answer.body) == (200, script)
    assert (answer.parts, answer.finished) == (1, 1)
    assert answer.headers[b"Content-Type"].startswith(b"text/javascript")
    assert answer.headers[b"X-Content-Type-Options"] == b"nosniff"

    head = await answer_to(handler, f"/static/{SCRIPT}", "HEAD")
    assert (head.status, head.body, head.parts, head.finished) == (200, b"", 1, 1)
    assert head.headers[b"Content-Length"] == answer.headers[b"Content-Length"]

    known = await answer_to(handler, f"/static/{SCRIPT}", if_none_match=answer.headers[b"ETag"].decode())
    assert (known.status, known.body, known.parts, known.finished) == (304, b"", 1, 1)


async def test_a_large_file_is_streamed(handler: FileHandler) -> None:
    answer = await answer_to(handler, "/large")
    assert (answer.status, answer.body, answer.finished) == (200, handler.large.read_bytes(), 1)
    assert answer.parts > 1
