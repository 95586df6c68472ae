"""The ASGI application: HTTP to Django, WebSocket and Socket.IO to the chat. The composition root of a process."""

from __future__ import annotations

import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

import django

django.setup(set_prefix=False)  # fills the app registry; what follows needs it

from chatsite.config.checks import refuse_bad_environment
from chatsite.http.handler import RequestHandler
from chatsite.http.request_limits import BoundedBodies
from chatsite.http.request_time import TimedBodies
from chatsite.observability.access_log import WithAccessLog, tidy_access_logs
from chatsite.observability.metrics.endpoint import WithMetrics
from chatsite.realtime.origins import OriginCheck
from chatsite.realtime.runtime import get_runtime, stop_runtime
from chatsite.realtime.servers.daphne import silence_access_log
from chatsite.realtime.servers.sockets import check_servers
from chatsite.realtime.transports.socketio.server import socketio_application
from chatsite.realtime.transports.websocket import ChatConsumer, RefusedPath

# Python looks for cycles whenever there are 700 more objects than before, which a burst of messages brings about all
# the time: a third of the process's time. Most of what a message needs is gone without it.
gc.set_threshold(50_000, 5, 5)

refuse_bad_environment()
tidy_access_logs()
silence_access_log()
check_servers()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class WithRuntime:
    """Starts the process's runtime with the first request, and stops it where the server says goodbye."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            runtime = await get_runtime()
            runtime.requests += 1  # a process that ends waits for their answers
            try:
                await self.application(scope, receive, send)
            finally:
                runtime.requests -= 1
        else:
            await get_runtime()
            await self.application(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await get_runtime()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await stop_runtime()
                await send({"type": "lifespan.shutdown.complete"})
                return


serve_request = BoundedBodies(RequestHandler())
serve_chat = OriginCheck(ChatConsumer.serve)


def route(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """What Channels' routers do, without the coroutines and copies of the scope that they keep for every socket."""
    if scope["type"] == "http":
        return serve_request(scope, receive, send)
    if scope["path"].removeprefix(scope.get("root_path", "")) in {"/chat", "/chat/"}:
        return serve_chat(scope, receive, send)
    return RefusedPath.serve(scope, receive, send)


application = WithRuntime(
    # Socket.IO takes /socket.io/ over both, and hands on the rest. The runtime starts outside of any request's context.
    TimedBodies(WithAccessLog(WithMetrics(socketio_application(route))))
)
