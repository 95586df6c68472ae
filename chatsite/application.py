"""The parts that the ASGI applications of this site and of a host project share: the runtime and the sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from chatsite.realtime.origins import OriginCheck
from chatsite.realtime.runtime import get_runtime, stop_runtime
from chatsite.realtime.transports.websocket import ChatConsumer, RefusedPath

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class WithRuntime:
    """Start the process's runtime with the first request, and stop it at the end of the server's lifespan.

    `prepare` is called before each request, and must be quick after the first one.
    """

    def __init__(self, application: Any, prepare: Callable[[], None] | None = None) -> None:
        self.application = application
        self._prepare = prepare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._prepare is not None:
            self._prepare()
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            runtime = await get_runtime()
            runtime.requests += 1  # a process that shuts down waits for the answers
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


serve_chat: Final = OriginCheck(ChatConsumer.serve)


def serve_socket(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Serve the native WebSocket at `/chat`, and refuse every other path."""
    if scope["path"].removeprefix(scope.get("root_path", "")) in {"/chat", "/chat/"}:
        return serve_chat(scope, receive, send)
    return RefusedPath.serve(scope, receive, send)
