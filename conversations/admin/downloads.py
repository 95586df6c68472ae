"""Send files of messages to a browser, and exports while they are created."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from conversations.attachments.models import Attachment
from conversations.attachments.serving import file_response

CHUNK: Final = 64 * 1024  # bytes that are sent together, unless one line is longer


def as_download(request: HttpRequest, lines: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """Return the lines as a file. Under ASGI this uses an async iterator, because Django reads a plain one at once."""
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
    """Return the next lines, about CHUNK bytes, or b"" at the end."""
    chunk, size = [], 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= CHUNK:
            break
    return b"".join(chunk)


def open_attachment(request: HttpRequest, files: QuerySet[Attachment], key: UUID) -> HttpResponseBase:
    """Return the bytes of one of these files, or raise 404 if they are not there."""
    row = files.select_related("file").filter(pk=key).first()
    if row is None or row.file is None or row.state != Attachment.State.READY:
        raise Http404("No such file.")
    return file_response(request, row.file, name=row.name, content_type=row.content_type)
