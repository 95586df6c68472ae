"""An export on its way to a browser, line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

LINES = 200  # handed over at once


def as_download(request: HttpRequest, lines: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """The lines as a file. Under ASGI Django would first collect a plain iterator as a whole, hence the two ways."""
    content = _chunks(lines) if isinstance(request, ASGIRequest) else lines
    return StreamingHttpResponse(
        content,
        content_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def _chunks(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    while chunk := await sync_to_async(_next_chunk)(lines):
        yield chunk


def _next_chunk(lines: Iterator[bytes]) -> bytes:
    return b"".join(islice(lines, LINES))
