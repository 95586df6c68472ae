"""The ASGI application: HTTP to Django, WebSocket and Socket.IO to the chat. The composition root of a process."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()  # fills the app registry; what follows needs it

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from chatsite.checks import refuse_bad_environment
from chatsite.realtime.consumers import ChatConsumer, RefusedPath
from chatsite.realtime.origins import OriginCheck
from chatsite.realtime.runtime import get_runtime, stop_runtime
from chatsite.realtime.socketio import socketio_application

refuse_bad_environment()

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


websocket_application = URLRouter(
    [
        re_path(r"^chat/?$", OriginCheck(ChatConsumer.as_asgi())),  # type: ignore[arg-type]  # an ASGI application
        re_path(r"", RefusedPath.as_asgi()),
    ]
)

routed = ProtocolTypeRouter({"http": django_application, "websocket": websocket_application})
application = WithRuntime(socketio_application(routed))  # takes /socket.io/ over both, and hands on the rest
