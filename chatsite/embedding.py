"""The one line in a host project's `asgi.py`: `application = with_chat(get_asgi_application())`."""

from __future__ import annotations

from collections.abc import Awaitable, MutableMapping
from typing import Any


def with_chat(application: Any) -> Any:
    """Return the host's ASGI application with the chat beside it, under the prefix of its `include()`.

    The chat takes its own sockets and the life of the process (`lifespan`). The host's application keeps everything
    else: all requests, those to the chat's views included, and the sockets of other paths.
    """
    # The app registry is full once the host's application is made, and not before.
    from django.conf import settings
    from django.urls import reverse

    from chatsite.application import WithRuntime, serve_socket
    from chatsite.config.checks import refuse_bad_environment
    from chatsite.http.request_limits import BoundedBodies
    from chatsite.http.upload_pace import PacedUploads
    from chatsite.realtime.servers.sockets import check_servers
    from chatsite.realtime.transports.socketio.server import socketio_application

    refuse_bad_environment()
    check_servers()
    prefix = reverse("web:landing").rstrip("/")
    bounds_bodies = "chatsite.http.error_answers.ErrorAnswers" in settings.MIDDLEWARE
    requests = PacedUploads(BoundedBodies(application) if bounds_bodies else application)
    sockets = socketio_application(serve_socket)

    def route(scope: MutableMapping[str, Any], receive: Any, send: Any) -> Awaitable[None]:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if not path.startswith(f"{prefix}/"):
            chosen = application
        elif scope["type"] == "websocket" or path.startswith(f"{prefix}/socket.io/"):
            scope, chosen = {**scope, "path": path.removeprefix(prefix), "root_path": ""}, sockets
        else:
            chosen = requests
        answer: Awaitable[None] = chosen(scope, receive, send)
        return answer

    return WithRuntime(route)
