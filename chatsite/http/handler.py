"""Django's ASGI handler with one thread hop for a request.

Django's own handler adapts each synchronous middleware by itself. On this site that took about twenty hops between the
event loop and a new thread, which opened its own database connection. This handler runs the whole request, from
`request_started` to `request_finished`, on one of a few threads that keep their connections (see
`chatsite.database.threads`). The event loop only reads the body and sends the response.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import IO, Any, Final, TypeGuard

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from chatsite.database.threads import THREADS, WRITERS, run_in
from chatsite.http.root_path import below_root
from chatsite.observability.health import PROBES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

# The database connections that requests cannot use. The last one belongs to the probes.
OTHERS: Final = THREADS + WRITERS + 1

SMALL: Final = 256 * 1024  # bytes of a file that is not streamed


class RequestHandler(ASGIHandler):
    """Answers HTTP requests. At most as many run at once as there are connections for them; the others wait."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(settings.DATABASE_POOL_SIZE - OTHERS, "request")
        # The probes of an orchestrator must not wait behind requests that hang.
        self._probes = ThreadPoolExecutor(1, "probe")
        for signal in (signals.request_started, signals.request_finished):
            signal.disconnect(close_old_connections)  # `run_in` drops what is broken, and keeps the rest

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        threads = self._probes if below_root(scope["path"]).rstrip("/") in PROBES else self._threads
        with body:
            response = await run_in(threads, partial(self._respond, scope, body))
            if response.streaming:
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)

    def _respond(self, scope: Scope, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: HttpResponseBase = refusal if request is None else self.get_response(request)  # type: ignore[assignment]
        response._handler_class = self.__class__  # type: ignore[attr-defined]  # the sender of `request_finished`
        if _is_small_file(response):
            return _read_file(response)
        if not response.streaming:
            response.close()  # sends `request_finished`; the content stays
        return response

    async def _stream(self, response: HttpResponseBase, receive: Receive, send: Send) -> None:
        """Send the stream until it ends or the client disconnects. The stream reads on its own thread."""
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        async with ThreadSensitiveContext():
            sending = asyncio.ensure_future(self.send_response(response, send))
            leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, leaving):
                    task.cancel()
                outcome, _ = await asyncio.gather(sending, leaving, return_exceptions=True)
                await sync_to_async(_close_stream)(response)
            if isinstance(outcome, Exception):
                raise outcome


def _is_small_file(response: HttpResponseBase) -> TypeGuard[FileResponse]:
    if not isinstance(response, FileResponse):
        return False
    length = response.headers.get("Content-Length", "")
    return response.status_code == HTTPStatus.NOT_MODIFIED or (length.isdecimal() and int(length) <= SMALL)


def _read_file(response: FileResponse) -> HttpResponse:
    """Read the file on this thread. A stream needs its own thread, and three hops between the threads."""
    answer = HttpResponse(response.getvalue(), status=response.status_code, reason=response.reason_phrase)
    answer.headers, answer.cookies = response.headers, response.cookies
    response.close()  # sends `request_finished`
    return answer


def _close_stream(response: HttpResponseBase) -> None:
    response.close()
    close_old_connections()  # the thread ends with the stream
