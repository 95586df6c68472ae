"""Let the uploads of a process share a rate, so that a fast one does not delay other people's messages.

A proxy on the same machine delivers a file as fast as the process can read it. Meanwhile the event loop would be busy
with the file, and a message would wait twice as long. At `CHAT.upload_bytes_per_second` most of the process's time is
left for messages. uvicorn stops reading from a connection whose body waits, so nothing piles up in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from chatsite.http.request_time import is_upload

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class PacedUploads:
    """Delay the parts of uploads. All uploads of the process share one rate."""

    def __init__(self, application: Any) -> None:
        self.application = application
        # By the clock of the loop: when the rate allows the next part.
        self._free_at = 0.0

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        rate = settings.CHAT.upload_bytes_per_second
        if rate and is_upload(scope):
            receive = self._paced(receive, rate)
        served: Awaitable[None] = self.application(scope, receive, send)
        return served

    def _paced(self, receive: Receive, rate: float) -> Receive:
        clock = asyncio.get_running_loop().time

        async def receive_paced() -> Any:
            message = await receive()
            size = len(message.get("body", b""))
            if size:
                began = max(clock(), self._free_at)
                self._free_at = began + size / rate
                await asyncio.sleep(self._free_at - clock())
            return message

        return receive_paced
