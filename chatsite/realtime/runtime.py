"""What one server process runs beside its requests: the hub, the sessions, and background work.

Started with the first request or socket, since daphne has no lifespan events, and stopped with the event loop. What it
does before that, when the process is asked to end, is in `stopping`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from chatsite.database.batch_loader import AnswerT, DataLoader, QuestionT
from chatsite.errors import DomainError
from chatsite.observability.health import ProcessState, report_process_state
from chatsite.observability.metrics import measures
from chatsite.realtime import registry, shutdown
from chatsite.realtime.app_state import AppState
from chatsite.realtime.hub import Hub
from chatsite.realtime.interfaces import Session
from chatsite.realtime.redis import rate_limits

logger = logging.getLogger(__name__)

STOP_SECONDS = 3.0  # for background work to end
# Sockets whose user is looked up at once, and together (`Runtime.ask`): the more, the less each of them costs, and
# the longer a message waits that comes when all of them are answered.
OPENINGS = 64
# A turn comes later only where the database does not answer; a client had better knock again than hold its place.
TURN_SECONDS = 60.0


class ProcessRuntime:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.hub = Hub()
        self.sessions: set[Session] = set()
        self._openings = asyncio.Semaphore(OPENINGS)  # all others of a crowd that returns wait here
        self.requests = 0  # HTTP requests that are being answered
        self.is_stopping = False  # asked to end: nothing new is begun
        self.state = AppState()
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}  # by what answers
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        await self.hub.start()
        self.hub.on_restored(lambda: self.spawn("catching up", self._catch_up))
        rate_limits.start(self)
        for hook in registry.started:
            hook(self)
        shutdown.catch_termination(self)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            # Bounded: Python 3.11's `wait_for`, below redis-py, may swallow a cancellation.
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        await self.hub.stop()

    @asynccontextmanager
    async def turn_to_open(self) -> AsyncIterator[None]:
        """The right to look up who a socket is. `DomainError` "unavailable" where it does not come in time."""
        if not self._openings.locked():
            await self._openings.acquire()  # at once, without a timer
        else:
            await self._wait_to_open()
        try:
            yield
        finally:
            self._openings.release()

    async def _wait_to_open(self) -> None:
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._openings.acquire()
        except TimeoutError as error:
            raise DomainError(
                "unavailable", "The server is busy. Please retry.", {"retryAfter": 5}
            ) from error

    async def ask(
        self, answer: Callable[[list[QuestionT]], Sequence[AnswerT | DomainError]], question: QuestionT
    ) -> AnswerT:
        """What `answer` says to the question, asked in one batch with all that are asked now: see `DataLoader`."""
        loader = self._loaders.get(answer)
        if loader is None:
            loader = self._loaders[answer] = DataLoader(answer)
        answered: AnswerT = await loader.ask(question)
        return answered

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` beside everything else. What it raises is logged."""
        task = self.loop.create_task(_logged(name, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def spawn_forever(self, name: str, every: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` every so many seconds; a failure is logged and does not end it."""

        async def repeat() -> None:
            while True:
                await asyncio.sleep(every)
                await _logged(name, work)

        self.spawn(name, repeat)

    async def _catch_up(self) -> None:
        measures.catch_ups.add()
        for hook in registry.restored:
            await hook(self)


async def _logged(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except asyncio.CancelledError:
        raise
    except Exception:
        logger.exception("%s failed", name)


_runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[ProcessRuntime]] = WeakKeyDictionary()


async def get_runtime() -> ProcessRuntime:
    """The running loop's runtime, started if it is the first time."""
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
            starting.exception()  # the waiters have it; without waiters it is not "never retrieved"
            raise
        starting.set_result(runtime)
    return await asyncio.shield(starting)


async def stop_runtime() -> None:
    """Stop the running loop's runtime, if there is one."""
    starting = _runtimes.pop(asyncio.get_running_loop(), None)
    if starting is not None and starting.done() and not starting.exception():
        await starting.result().stop()


def running_runtime() -> ProcessRuntime | None:
    """The runtime of this process's event loop, for a thread that wants to know of it."""
    for loop, starting in list(_runtimes.items()):
        if loop.is_running() and starting.done() and not starting.cancelled() and not starting.exception():
            return starting.result()
    return None


def running_hub() -> Hub | None:
    """Its hub, for a thread that has an event to send."""
    runtime = running_runtime()
    return runtime.hub if runtime is not None else None


def _process_state() -> ProcessState:
    runtime = running_runtime()
    if runtime is None:
        return ProcessState(is_layer_connected=False, is_stopping=False)
    return ProcessState(is_layer_connected=runtime.hub.is_connected, is_stopping=runtime.is_stopping)


report_process_state(_process_state)
