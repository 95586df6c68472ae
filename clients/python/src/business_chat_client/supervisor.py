"""Keeps one connection up: finds a server, signs in, resumes, checks it, and reconnects when it ends."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
from websockets.exceptions import WebSocketException

from business_chat_client.backoff import Backoff
from business_chat_client.connection import Connection, Frame
from business_chat_client.dispatch import EventDispatcher
from business_chat_client.errors import ChatError, ConnectionLost
from business_chat_client.rest import Addresses, Rest

logger = logging.getLogger(__name__)

FLOOD: Final = 1008
UNAUTHENTICATED: Final = 4401
FLOOD_DELAY: Final = 5.0  # seconds
MAX_SERVER_DELAY: Final = 300.0  # seconds
RESUME_SECONDS: Final = 30.0


class Stopping(msgspec.Struct, rename="camel"):
    retry_after: float


class Supervisor:
    """`resume(connection)` runs before anybody else may use a connection. `ended(error)` is called once, when the
    supervisor stops trying."""

    def __init__(
        self,
        *,
        addresses: Addresses,
        rest: Rest,
        dispatcher: EventDispatcher,
        resume: Callable[[Connection], Awaitable[None]],
        ended: Callable[[ChatError], None],
        headers: Mapping[str, str],
        heartbeat: float,
        answer_within: float,
        trust_env: bool,
    ) -> None:
        self._addresses = addresses
        self._rest = rest
        self._dispatcher = dispatcher
        self._resume = resume
        self._ended = ended
        self._headers = headers
        self._heartbeat = heartbeat
        self._answer_within = answer_within
        self._trust_env = trust_env
        self._connection: Connection | None = None
        self._failure: ChatError | None = None
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._token = ""  # of the connection
        self._rejected = ""  # the token because of which the last connection was closed
        self._server_delay: float | None = None  # seconds after which to reconnect, from a server that stops
        self._was_up = False

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def stop(self, reason: ChatError) -> None:
        self._fail(reason)
        if self._running is not None:
            for task in (self._running, *self._tasks):
                task.cancel()
            await asyncio.wait([self._running, *self._tasks])

    async def connection(self) -> Connection:
        """Return the connection, once it is up and has resumed. Raises `ChatError` if there will never be one."""
        while self._connection is None:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()  # this wakes all waiting callers; one that finds no connection waits again
            await self._changed.wait()
        return self._connection

    # The loop of connections

    async def _run(self) -> None:
        try:
            await self._keep_up()
        except ChatError as error:
            self._fail(error)
        except Exception as error:  # callers that wait for the connection must get the error
            logger.exception("the client has failed")
            self._fail(ChatError("internal", f"The client has failed: {error!r}"))

    async def _keep_up(self) -> None:
        """Connect again and again. Raises `ChatError` if a retry would not help."""
        backoff = Backoff()
        while True:
            url, code = self._addresses.current, None
            try:
                code = await self._live(url, backoff)
            except ConnectionLost as lost:
                code = lost.code
            except ChatError as error:
                if not error.is_transient:
                    raise
                logger.warning("%s is not ready: %s", url, error)
            except (OSError, TimeoutError, WebSocketException) as error:
                logger.warning("no connection to %s: %s", url, error)
            if code == UNAUTHENTICATED:
                self._rejected = self._token
            else:
                self._addresses.give_up(url)
            await asyncio.sleep(self._pause(backoff, code))

    def _pause(self, backoff: Backoff, code: int | None) -> float:
        """Return the pause before the next attempt. A server that stops gives each client a different one."""
        server_delay, self._server_delay = self._server_delay, None
        if server_delay is not None:
            return min(server_delay, MAX_SERVER_DELAY)
        return max(backoff.next(), FLOOD_DELAY if code == FLOOD else 0)

    async def _live(self, url: str, backoff: Backoff) -> int | None:
        """Run one connection until it ends. Return its close code."""
        self._token = await (self._rest.renew(self._rejected) if self._rejected else self._rest.access())
        self._rejected = ""
        connection = await Connection.open(
            url.replace("http", "ws", 1) + "/chat",
            {**self._headers, "Authorization": f"Bearer {self._token}"},
            self._pushed,
            self._lost,
            answer_within=self._answer_within,
            trust_env=self._trust_env,
        )
        try:
            async with asyncio.timeout(RESUME_SECONDS):
                await self._resume(connection)
            backoff.reset()
            self._up(connection)
            return await self._watch(connection)
        except asyncio.CancelledError:
            await connection.close()
            raise
        finally:
            connection.abort()
            await connection.over()

    async def _watch(self, connection: Connection) -> int | None:
        beating = asyncio.create_task(self._beat(connection))
        try:
            return await connection.over()
        finally:
            beating.cancel()

    async def _beat(self, connection: Connection) -> None:
        """Send heartbeats: they detect a half-open connection, and their answers show lost events."""
        patience = self._heartbeat / 2
        while True:
            await asyncio.sleep(self._heartbeat * random.uniform(0.8, 1))
            try:
                async with asyncio.timeout(patience):
                    self._dispatcher.take_heartbeat(await connection.call("heartbeat", {}))
            except TimeoutError:
                if asyncio.get_running_loop().time() - connection.last_received >= patience:
                    logger.warning("the connection is silent; reconnecting")
                    connection.abort()
            except ConnectionLost:
                return
            except ChatError as error:
                logger.info("heartbeat: %s", error)

    # Called by the connection

    def _pushed(self, frame: Frame) -> None:
        if frame.event == "session_expiring":
            if self._connection is not None:
                self._keep(asyncio.create_task(self._authenticate_again(self._connection)))
        elif frame.event == "server_stopping":
            self._server_delay = msgspec.json.decode(frame.data, type=Stopping).retry_after
        elif frame.event == "error":
            logger.warning("the server says: %s", bytes(frame.data).decode())
        else:
            self._dispatcher.take(frame)

    async def _authenticate_again(self, connection: Connection) -> None:
        """Authenticate with a new token before the old one expires. If it fails, the server closes the socket."""
        try:
            self._token = await self._rest.renew(self._token)
            await connection.call("authenticate", {"token": self._token})
        except (ChatError, ConnectionLost, TimeoutError) as error:
            logger.warning("the session could not be extended: %s", error)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _up(self, connection: Connection) -> None:
        if connection.is_over:
            return
        self._connection = connection
        self._changed.set()
        if self._was_up:
            self._dispatcher.resumed()
        self._was_up = True

    def _lost(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._dispatcher.connection_lost()

    def _fail(self, error: ChatError) -> None:
        if self._failure is None:
            self._failure = error
            self._connection = None
            self._changed.set()
            self._ended(error)
