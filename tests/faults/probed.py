"""The site's application with one more address that shows what the process holds. For tests only.

The process first returns freed memory to the system, so that its size is what it holds. Otherwise glibc keeps freed
memory between blocks that are in use, and a process with large answers seems to grow.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
from collections.abc import Awaitable, Callable
from typing import Any

from chatsite.asgi import application as site
from chatsite.realtime.runtime import get_runtime

_give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] != "http" or scope["path"] != "/probe":
        await site(scope, receive, send)
        return
    if _give_back:
        _give_back(0)
    runtime = await get_runtime()
    held = {
        "tasks": len(asyncio.all_tasks()),
        "sessions": len(runtime.sessions),
        "groups": len(runtime.hub.groups),
    }
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    await send(head)
    await send({"type": "http.response.body", "body": json.dumps(held).encode()})
