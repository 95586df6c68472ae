"""Send an export to a browser while it is being made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

CHUNK: Final = 64 * 1024  # bytes handed over at once, or one line that is longer


def as_download(request: HttpRequest, lines: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """The lines as a file. Under ASGI Django would first collect a plain iterator as a whole, hence the two ways."""
    content = _chunks(lines) if isinstance(request, ASGIRequest) else lines
    return StreamingHttpResponse(
        content,
        content_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def _chunks(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    while chunk := await sync_to_async(next_chunk)(lines):
        yield chunk


def next_chunk(lines: Iterator[bytes]) -> bytes:
    """The next lines, until they are a chunk; b"" at the end."""
    chunk, size = [], 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= CHUNK:
            break
    return b"".join(chunk)
