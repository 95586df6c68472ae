"""Graceful shutdown: what a process does on SIGTERM, before its server closes the sockets.

On SIGTERM uvicorn closes every socket with 1012, and daphne drops them. Both do it at once: acknowledgements that are
nearly ready never arrive, and all clients reconnect in the same second. daphne has no lifespan events, and uvicorn
sends them after it has closed its sockets. So this module takes the signal first:

1. It accepts no new work: sends are refused with `unavailable`, new sockets are closed, and `/readyz` answers 503.
2. It commits the sends that were accepted, and writes their acknowledgements and events.
3. It tells every socket when to reconnect, each at a different time, and closes it with 1012.

Then it passes the signal on to the server's own handler. The sockets close last because the server stops listening
right after: a balancer that prefers the process with the fewest sockets would otherwise send the clients back here.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

from django.conf import settings

from chatsite.realtime import registry
from chatsite.realtime.events import StoppingEvent
from chatsite.realtime.interfaces import Runtime
from chatsite.realtime.transport import Close

logger = logging.getLogger(__name__)

FINISH_SECONDS: Final = 5.0  # for accepted work; `docker stop` kills after 10
CLOSE_SECONDS: Final = 2.0  # for the sockets to close
RETURN_AFTER: Final = 0.5  # seconds before the first client reconnects; by then the server no longer listens
SHORTEST_SPREAD: Final = 1.0  # seconds over which clients reconnect, however few they are


def catch_termination(runtime: Runtime) -> None:
    """Shut down gracefully on SIGTERM, then let the server end. A second SIGTERM ends the process at once.

    Does nothing where the server has no handler of its own, as under a test runner.
    """
    server_handler = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(server_handler):
        return

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, server_handler)
        runtime.loop.call_soon_threadsafe(runtime.spawn, "winding down", wind_down_and_end)

    async def wind_down_and_end() -> None:
        try:
            await wind_down(runtime)
        finally:
            signal.raise_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, handle)


async def wind_down(runtime: Runtime) -> None:
    logger.info("shutting down: %d sockets are told to reconnect later", len(runtime.sessions))
    runtime.is_stopping = True
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            await _finish(runtime)
    except TimeoutError:
        logger.warning("some accepted work is unfinished; clients will send it again")
    _close_sessions(runtime)
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await _until(lambda: not runtime.sessions and not runtime.requests)
            await runtime.hub.flush()
    except TimeoutError:
        logger.info("%d sockets and %d requests are left", len(runtime.sessions), runtime.requests)


async def _finish(runtime: Runtime) -> None:
    for hook in registry.stopping:
        await hook(runtime)
    await runtime.hub.flush()


def _close_sessions(runtime: Runtime) -> None:
    sessions = list(runtime.sessions)
    random.shuffle(sessions)
    spread = max(SHORTEST_SPREAD, len(sessions) / settings.CHAT.reconnects_per_second)
    for index, session in enumerate(sessions):
        delay = RETURN_AFTER + spread * (index + random.random()) / len(sessions)
        session.send("server_stopping", StoppingEvent(retry_after=round(delay, 3)))
        session.close_soon(Close.RESTART, "the server is restarting")


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  what is counted has no event to wait for
        await asyncio.sleep(0.02)
