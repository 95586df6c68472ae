"""The runtime of a server process: the hub, the sessions, and its background tasks.

It starts with the first request or socket, because daphne has no lifespan events. It stops with the event loop.
`shutdown` has what happens before that, on SIGTERM.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from chatsite.database.batch_loader import AnswerT, DataLoader, QuestionT
from chatsite.errors import DomainError
from chatsite.observability.health import ProcessState, report_process_state
from chatsite.observability.metrics import measures
from chatsite.realtime import registry, shutdown
from chatsite.realtime.app_state import AppState
from chatsite.realtime.catching_up import CatchUp
from chatsite.realtime.hub import Hub
from chatsite.realtime.interfaces import Runtime, Session
from chatsite.realtime.redis import rate_limits

logger = logging.getLogger(__name__)

STOP_SECONDS = 3.0  # for background tasks to end
# After an outage of Redis each process tells all others that it lost events. Such notices together cause one catch-up.
GATHER_SECONDS = 1.0
# Sockets that are authenticated at once. `Runtime.ask` looks up their users together: with more of them, each costs
# less, but a message that arrives meanwhile waits longer.
OPENINGS = 64
# Waiting takes this long only if the database does not answer. Clients should retry rather than wait in the queue.
OPENING_SECONDS = 60.0


class ProcessRuntime:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.hub = Hub()
        self.sessions: set[Session] = set()
        self._openings = asyncio.Semaphore(OPENINGS)
        self.requests = 0  # HTTP requests in progress
        self.is_stopping = False  # the process shuts down and accepts no new work
        self.state = AppState()
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}  # by the function that answers
        self._tasks: set[asyncio.Task[None]] = set()
        self._catch_up: CatchUp[Runtime] = CatchUp(
            self, [_count_catch_up, *registry.restored], self.spawn, lambda: self.is_stopping, GATHER_SECONDS
        )

    async def start(self) -> None:
        await self.hub.start()
        self.hub.on_restored(self._catch_up.request)
        rate_limits.start(self)
        for hook in registry.started:
            hook(self)
        shutdown.catch_termination(self)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            # With a timeout, because `wait_for` of Python 3.11, which redis-py uses, may swallow a cancellation.
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        await self.hub.stop()

    @asynccontextmanager
    async def limit_openings(self) -> AsyncIterator[None]:
        """Limit how many sockets are authenticated at once. Raise `DomainError` "unavailable" after a long wait."""
        if not self._openings.locked():
            await self._openings.acquire()  # returns at once, so it needs no timer
        else:
            await self._wait_to_open()
        try:
            yield
        finally:
            self._openings.release()

    async def _wait_to_open(self) -> None:
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await self._openings.acquire()
        except TimeoutError as error:
            raise DomainError(
                "unavailable", "The server is busy. Please retry.", {"retryAfter": 5}
            ) from error

    async def ask(
        self, answer: Callable[[list[QuestionT]], Sequence[AnswerT | DomainError]], question: QuestionT
    ) -> AnswerT:
        """Return the answer to `question`. A `DataLoader` answers questions asked at the same time in one batch."""
        loader = self._loaders.get(answer)
        if loader is None:
            loader = self._loaders[answer] = DataLoader(answer)
        answered: AnswerT = await loader.ask(question)
        return answered

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` in the background. An exception is logged."""
        task = self.loop.create_task(_logged(name, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def spawn_forever(self, name: str, every: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` every `every` seconds. An exception is logged, and the next run follows."""

        async def repeat() -> None:
            while True:
                await asyncio.sleep(every)
                await _logged(name, work)

        self.spawn(name, repeat)


async def _count_catch_up(runtime: Runtime, since: datetime) -> None:
    measures.catch_ups.add()


async def _logged(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except asyncio.CancelledError:
        raise
    except Exception:
        logger.exception("%s failed", name)


_runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[ProcessRuntime]] = WeakKeyDictionary()


async def get_runtime() -> ProcessRuntime:
    """Return the runtime of the running event loop. The first call starts it."""
    loop = asyncio.get_running_loop()
    starting = _runtimes.get(loop)
    if starting is None:
        starting = _runtimes[loop] = loop.create_future()
        runtime = ProcessRuntime()
        try:
            await runtime.start()
        except BaseException as error:
            del _runtimes[loop]
            starting.set_exception(error)
            starting.exception()  # marks it as retrieved, because there may be no waiters
            raise
        starting.set_result(runtime)
    return await asyncio.shield(starting)


async def stop_runtime() -> None:
    """Stop the running loop's runtime, if there is one."""
    starting = _runtimes.pop(asyncio.get_running_loop(), None)
    if starting is not None and starting.done() and not starting.exception():
        await starting.result().stop()


def running_runtime() -> ProcessRuntime | None:
    """Return the runtime of this process, from any thread; None if there is none."""
    for loop, starting in list(_runtimes.items()):
        if loop.is_running() and starting.done() and not starting.cancelled() and not starting.exception():
            return starting.result()
    return None


def running_hub() -> Hub | None:
    """Return the hub of this process, from any thread; None if there is none."""
    runtime = running_runtime()
    return runtime.hub if runtime is not None else None


def _process_state() -> ProcessState:
    runtime = running_runtime()
    if runtime is None:
        return ProcessState(is_layer_connected=False, is_stopping=False)
    return ProcessState(is_layer_connected=runtime.hub.is_connected, is_stopping=runtime.is_stopping)


report_process_state(_process_state)
