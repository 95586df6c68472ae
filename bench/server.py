"""The site, with the counters of the process at `/bench/counters`."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any

from chatsite.asgi import application as site
from chatsite.database import threads as database

inner = site.application


def with_counters(scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
    answers = scope["type"] == "http" and scope["path"] == "/bench/counters"
    answer: Awaitable[None] = send_counters(send) if answers else inner(scope, receive, send)
    return answer


async def send_counters(send: Any) -> None:
    body = json.dumps({"hops": database.hops}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


site.application = with_counters
application = site
