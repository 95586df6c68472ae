"""The ASGI application of this site: Django serves HTTP, the chat serves WebSocket and Socket.IO."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Awaitable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

# What the imports create stays. Looking for garbage in it took a fifth of the time of a start.
gc.disable()

import django

django.setup(set_prefix=False)  # the imports below need the app registry

from chatsite.application import Receive, Scope, Send, WithRuntime, serve_socket
from chatsite.config.checks import refuse_bad_environment
from chatsite.http.handler import RequestHandler
from chatsite.http.request_limits import BoundedBodies
from chatsite.http.request_time import TimedBodies
from chatsite.http.root_path import WithoutRootPath, refuse_other_root_path, with_root_path
from chatsite.http.upload_pace import PacedUploads
from chatsite.observability.access_log import WithAccessLog, tidy_access_logs
from chatsite.observability.metrics.endpoint import WithMetrics
from chatsite.realtime.servers.adaptation import adapt_servers
from chatsite.realtime.servers.sockets import check_servers
from chatsite.realtime.transports.socketio.server import socketio_application

# By default Python collects garbage whenever 700 more objects exist than before. In a burst of messages that took a
# third of the process's time. Almost all objects of a message are freed by their reference counts.
gc.set_threshold(50_000, 5, 5)

refuse_bad_environment()
refuse_other_root_path(sys.argv, os.environ.get("UVICORN_ROOT_PATH", ""))
tidy_access_logs()
check_servers()
adapt_servers()

serve_request = PacedUploads(BoundedBodies(RequestHandler()))


def route(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Replace Channels' routers, which keep a coroutine and a copy of the scope for every socket."""
    if scope["type"] == "http":
        return serve_request(with_root_path(scope), receive, send)
    return serve_socket(scope, receive, send)


# Socket.IO serves /socket.io/ over HTTP and WebSocket. The runtime is outside, so that its tasks start without the log
# context of a request.
application = WithRuntime(
    WithoutRootPath(TimedBodies(WithAccessLog(WithMetrics(socketio_application(route))))), adapt_servers
)

# Leave what exists now out of every collection, also out of those at the end of the process.
gc.freeze()
gc.enable()
