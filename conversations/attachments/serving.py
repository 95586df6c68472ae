"""Responses with the bytes of a file, sent by this process, by the proxy in front of it or by the storage."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from conversations.attachments.content_types import BINARY, INLINE
from conversations.attachments.file_names import content_disposition
from conversations.attachments.models import StoredFile
from conversations.attachments.storage import attachment_storage, open_file

CHUNK: Final = 256 * 1024
PRESIGNED_SECONDS: Final = 60
# Nothing that the file contains runs, loads or belongs to this site, whatever a browser takes it for.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'; sandbox"
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def file_response(
    request: HttpRequest, stored: StoredFile, *, name: str, content_type: str
) -> HttpResponseBase:
    """Return the file or a range of it, or 304 if the client has it."""
    etag = f'"{stored.pk.hex}"'
    if etag in request.headers.get("If-None-Match", ""):
        return _with_headers(HttpResponse(status=304), etag)
    inline = content_type in INLINE
    disposition = content_disposition(name, inline=inline)
    sent_type = content_type if inline else BINARY
    if settings.ATTACHMENTS_SERVE == "redirect":
        parameters = {"ResponseContentDisposition": disposition, "ResponseContentType": sent_type}
        url = attachment_storage().url(stored.key, parameters=parameters, expire=PRESIGNED_SECONDS)  # type: ignore[call-arg]
        return _with_headers(HttpResponseRedirect(url), "")
    response = _content(request, stored, etag)
    response.headers["Content-Type"] = sent_type
    response.headers["Content-Disposition"] = disposition
    return _with_headers(response, etag)


def _content(request: HttpRequest, stored: StoredFile, etag: str) -> HttpResponseBase:
    if settings.ATTACHMENTS_SERVE == "accel":
        # The proxy answers ranges itself.
        return HttpResponse(headers={"X-Accel-Redirect": settings.ATTACHMENTS_ACCEL_PATH + quote(stored.key)})
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        asked = ""
    part = _range(asked, stored.size)
    if part is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{stored.size}"})
    start, end = part
    is_whole = (start, end) == (0, stored.size)
    response = StreamingHttpResponse(
        _chunks(stored.key, start, end - start), status=200 if is_whole and not asked else 206
    )
    if response.status_code == 206:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
    response.headers["Content-Length"] = str(end - start)
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _range(asked: str, size: int) -> tuple[int, int] | None:
    """Return start and end of a single range of bytes, else those of the whole file. None: it is beyond the end."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found[1] == found[2] == "":
        return 0, size
    if found[1] == "":  # the last bytes
        length = int(found[2])
        return (max(0, size - length), size) if length else None
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    if start >= size:
        return None
    return (start, end) if start < end else (0, size)


async def _chunks(key: str, start: int, length: int) -> AsyncIterator[bytes]:
    """Read on a thread. Under ASGI, Django would read a synchronous iterator into memory."""
    opened = open_file(key)
    file = await asyncio.to_thread(opened.__enter__)
    try:
        await asyncio.to_thread(file.seek, start)
        while length > 0 and (part := await asyncio.to_thread(file.read, min(CHUNK, length))):
            length -= len(part)
            yield part
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)


def _with_headers(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    if etag:
        response.headers["ETag"] = etag
    # The browser may store it, and asks each time: access may have ended.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = (
        "cross-origin" if settings.ATTACHMENTS_ORIGIN else "same-origin"
    )
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response
