"""What a process does when it is asked to end, before its server takes the sockets down.

At SIGTERM uvicorn closes every socket with 1012 and daphne drops them, in both cases at once: acknowledgements that
are a moment away never arrive, and all clients are back in the same second. daphne has no lifespan events, and those of
uvicorn come after its sockets are gone. So the signal is taken here first, and handed to the server's own handler when

1. nothing new is begun: sends are refused with `unavailable`, new sockets turned away, `/readyz` answers 503;
2. what had been taken is committed, its acknowledgements and its events have left;
3. every socket has been told when to come back, each at a time of its own, and closed with 1012.

The sockets close last, and the server stops listening right after: a proxy that sends newcomers to the process with the
fewest sockets would send them all back to this one.
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

FINISH_SECONDS: Final = 5.0  # for what had been taken; `docker stop` kills after 10
CLOSE_SECONDS: Final = 2.0  # for the sockets' goodbyes
RETURN_AFTER: Final = 0.5  # seconds before the first client comes back; by then nobody listens here any more
SHORTEST_SPREAD: Final = 1.0  # seconds over which clients come back, however few they are


def catch_termination(runtime: Runtime) -> None:
    """From now on wind down at SIGTERM, and end as the server would then. A second SIGTERM ends at once.

    Does nothing where the server has no handler of its own, as under a test runner.
    """
    servers_own = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(servers_own):
        return

    def take(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, servers_own)
        runtime.loop.call_soon_threadsafe(runtime.spawn, "winding down", wind_down_and_end)

    async def wind_down_and_end() -> None:
        try:
            await wind_down(runtime)
        finally:
            signal.raise_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, take)


async def wind_down(runtime: Runtime) -> None:
    logger.info("asked to end: %d sockets are told to come back later", len(runtime.sessions))
    runtime.is_stopping = True
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            await _finish(runtime)
    except TimeoutError:
        logger.warning("not everything could be finished; clients will send it again")
    _say_goodbye(runtime)
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


def _say_goodbye(runtime: Runtime) -> None:
    sessions = list(runtime.sessions)
    random.shuffle(sessions)
    spread = max(SHORTEST_SPREAD, len(sessions) / settings.CHAT.reconnects_per_second)
    for place, session in enumerate(sessions):
        moment = RETURN_AFTER + spread * (place + random.random()) / len(sessions)
        session.send("server_stopping", StoppingEvent(retry_after=round(moment, 3)))
        session.close_soon(Close.RESTART, "the server is restarting")


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  what is counted has no event to wait for
        await asyncio.sleep(0.02)
