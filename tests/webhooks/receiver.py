"""An HTTP server that gets webhooks, and answers as a test tells it to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec

Behaviour = Callable[["Received"], int | str]  # a status, or "hang", "reset", "cut"


@dataclass
class Received:
    """One request. `accepted` is set if it was answered with success."""

    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)
    accepted: bool = False

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = msgspec.json.decode(self.body)
        return event


class Receiver:
    """A context manager. `requests` has everything that arrived, in order."""

    def __init__(self, behave: Behaviour | None = None, hang_seconds: float = 30.0) -> None:
        self.behave: Behaviour = behave or (lambda received: 204)
        self.requests: list[Received] = []
        self.hang_seconds = hang_seconds
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def accepted(self) -> list[Received]:
        return [one for one in list(self.requests) if one.accepted]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length)
                if len(body) < length:  # the sender was killed
                    return
                received = Received({name.lower(): value for name, value in self.headers.items()}, body)
                receiver.requests.append(received)
                answer = receiver.behave(received)
                if answer == "hang":
                    receiver.ended.wait(receiver.hang_seconds)
                elif answer == "reset":
                    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, for 0 s: closing sends RST
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                elif answer == "cut":  # it has accepted the event, and dies before it answers
                    received.accepted = True
                else:
                    received.accepted = 200 <= int(answer) < 300
                    self.send_response(int(answer))
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                self.close_connection = True
                self.connection.close()

            def log_message(self, *args: Any) -> None:
                pass

        return Handler
