"""A process whose requests all hang still answers the health check."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.core import signals
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from chatsite.http.handler import RequestHandler

pytestmark = pytest.mark.standalone

MORE_THAN_THREADS: Final = 100


class HangingHandler(RequestHandler):
    """Every request except probes waits until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != "/hang":
            return super().get_response(request)
        self.released.wait()
        return JsonResponse({})


@pytest.fixture
def handler() -> Iterator[HangingHandler]:
    handler = HangingHandler()
    yield handler
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)  # a handler removes it for the whole process


async def status(handler: RequestHandler, path: str) -> int:
    told: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        told.append(message.get("status", 0))

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    await handler(scope, receive, send)
    return told[0]


async def test_probes_do_not_wait_for_requests_that_hang(handler: HangingHandler) -> None:
    hanging = [asyncio.create_task(status(handler, "/hang")) for _ in range(MORE_THAN_THREADS)]
    await asyncio.sleep(0)
    try:
        for path in ("/healthz", "/healthz/"):
            assert await asyncio.wait_for(status(handler, path), 10) == 200
        assert not any(task.done() for task in hanging)
    finally:
        handler.released.set()
    assert await asyncio.gather(*hanging) == [200] * MORE_THAN_THREADS
