"""A session: one connected user on any transport, with identity, groups, limits and commands.

A transport decodes its frames, calls `receive` for each command, and writes the frames of the session. Everything else
is here, so native WebSocket and Socket.IO behave alike.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from django.conf import settings

from chatsite.errors import DomainError, as_domain_error, from_decoding, invalid
from chatsite.observability import logs
from chatsite.observability.metrics import measures
from chatsite.realtime import registry
from chatsite.realtime.app_state import AppState
from chatsite.realtime.catching_up import CatchUp
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Authenticate, Authenticated, Identity
from chatsite.realtime.interfaces import Runtime, Session
from chatsite.realtime.outbox import Outbox
from chatsite.realtime.token_bucket import TokenBucket
from chatsite.realtime.transport import Close, Ref, Transport
from chatsite.realtime.user_limit import charge

logger = logging.getLogger(__name__)


class LiveSession:
    __slots__ = (
        "__weakref__",
        "_bucket",
        "_catch_up",
        "_closing",
        "_in_flight",
        "_limits",
        "_outbox",
        "_strikes",
        "_transport",
        "_vacancy",
        "expiry_warned",
        "groups",
        "id",
        "identity",
        "runtime",
        "state",
        "user_id",
    )

    def __init__(self, transport: Transport, runtime: Runtime) -> None:
        self.id = uuid4().hex
        self.runtime = runtime
        self.identity: Identity | None = None
        self.user_id = ""
        self.groups: list[str] = []  # a small list takes a third of the memory of a set
        self.state = AppState()
        self.expiry_warned = False
        self._transport = transport
        limits = self._limits = settings.CHAT  # reading Django's settings for each frame would be slow
        self._bucket = TokenBucket(limits.frames_per_second, limits.frames_burst)
        self._strikes = 0
        self._in_flight = 0
        self._vacancy: asyncio.Event | None = None
        self._closing: asyncio.Task[None] | None = None
        self._catch_up: CatchUp[Session] | None = None
        self._outbox = Outbox(
            transport,
            self,
            most_frames=limits.queue_frames,
            most_bytes=limits.queue_bytes,
            stall_seconds=limits.stall_seconds,
        )

    # Life

    async def open(self, identity: Identity) -> None:
        """Take the identity, and let the apps subscribe the session to its user's groups."""
        self._refuse_when_stopping()
        self.identity = identity
        self.user_id = identity.user_id
        self.runtime.sessions.add(self)
        logs.identify(connection_id=self.id, user_id=self.user_id)
        for hook in registry.opened:
            await hook(self)

    async def close(self) -> None:
        """Leave every group and call the hooks, because the socket is gone. Safe to call twice."""
        self._outbox.stop()
        self._catch_up = None
        if self in self.runtime.sessions:
            self.runtime.sessions.discard(self)
            for hook in registry.closed:
                hook(self)
        for group in list(self.groups):
            self.unsubscribe(group)

    def _refuse_when_stopping(self) -> None:
        if self.runtime.is_stopping:
            raise DomainError("unavailable", "The server is restarting. Please retry.", {"retryAfter": 1})

    def close_soon(self, code: int, reason: str) -> None:
        """Close the socket after the queued frames have been written. Do not wait for a slow reader."""
        if self._closing is None:
            self._closing = self.runtime.loop.create_task(self._close_socket(code, reason))
            measures.closes.add(1, str(code))
            about = {"connection_id": self.id, "user_id": self.user_id, "code": code}
            logger.info("closing a session: %s", reason, extra={"fields": about})

    @property
    def transport_kind(self) -> str:
        return self._transport.kind

    @property
    def waiting(self) -> tuple[int, int]:
        """Return the number of frames that wait for the socket, and the number of their bytes."""
        return self._outbox.waiting

    @property
    def is_closing(self) -> bool:
        return self._closing is not None

    async def _close_socket(self, code: int, reason: str) -> None:
        if code != Close.SLOW_READER:
            await asyncio.wait([asyncio.ensure_future(self._outbox.drain())], timeout=1)
        self._outbox.stop()
        await self._transport.close(code, reason)

    # Groups and events

    async def subscribe(self, group: str) -> None:
        if group not in self.groups:
            self.groups.append(group)
        await self.runtime.hub.subscribe(group, self)
        if self not in self.runtime.sessions:  # the session was closed meanwhile
            self.unsubscribe(group)

    def unsubscribe(self, group: str) -> None:
        if group in self.groups:
            self.groups.remove(group)
        self.runtime.hub.unsubscribe(group, self)

    def deliver(self, event: Event) -> None:
        """Called by the hub. Drop what the scopes of an API key do not cover."""
        if self._closing is not None:
            return
        if event.is_control:
            handle = registry.control_handlers.get(event.name)
            if handle is not None:
                handle(self, event)
        elif self.identity is None or registry.may_get(self.identity, event.name):
            self._outbox.put(self._transport.encode(event), event)

    def send(self, name: str, data: Any) -> None:
        """Send an event to this socket only."""
        self._outbox.put(self._transport.encode(Event.of(name, data)))

    # The owner of the outbox

    def is_recoverable(self, event: Event) -> bool:
        return event.rev > 0 or event.name in registry.recoverable

    def delivered(self, event: Event) -> None:
        hook = registry.on_delivered.get(event.name)
        if hook is not None:
            hook(self, event)

    def caught_up(self, since: float) -> None:
        measures.events_dropped.add()
        if self._is_open:
            if self._catch_up is None:
                self._catch_up = CatchUp[Session](
                    self, registry.caught_up, self.runtime.spawn, lambda: not self._is_open
                )
            self._catch_up.request(datetime.fromtimestamp(since, UTC))

    @property
    def _is_open(self) -> bool:
        return self in self.runtime.sessions and self._closing is None

    def stalled(self) -> None:
        self.close_soon(Close.SLOW_READER, "too slow; reconnect and sync")

    # Commands

    def admit(self, size: int, ref: Ref = None) -> bool:
        """Return whether a frame of `size` bytes may be processed. If not, it gets an error or the socket closes."""
        if self._closing is not None or not self.fits(size):
            return False
        wait = self._bucket.take()
        if not wait:
            # Not reset to 0: a client that floods still gets some frames through, and would never be closed.
            self._strikes = max(self._strikes - 1, 0)
            return True
        self._strikes += 1
        measures.rate_limited.add(1, "frames")
        error = DomainError(
            "rate_limited", "Too many frames. Slow down.", {"retryAfter": max(round(wait, 3), 0.001)}
        )
        self.answer_error(ref, error)
        if self._strikes >= self._limits.flood_strikes:
            self.close_soon(Close.POLICY, "flood")
        return False

    def fits(self, size: int) -> bool:
        """Return whether the frame is small enough to be decoded. If not, the socket closes."""
        if size > self._limits.frame_bytes:
            self.close_soon(Close.TOO_BIG, "frame too large")
            return False
        return True

    async def receive(self, name: str, data: Any, ref: Ref, decode: Callable[[Any, type], Any]) -> None:
        """Run one command and queue its answer. A client's error raises no exception.

        `decode(data, struct)` decodes the data of the transport into the struct of the command.
        """
        try:
            self._refuse_when_stopping()
            if name == "authenticate":
                await self._authenticate(decode(data, Authenticate).token, ref)
                return
            if self.identity is None:
                raise DomainError("unauthenticated", "Send authenticate first.")
            command = registry.commands.get(name)
            if command is None:
                raise DomainError("unknown_event", f"There is no event {name[:64]!r}.")
            self.identity.require_scope(command.scope)
            measures.commands.add(1, name)
            arguments = decode(data, command.data)
            charge(self.user_id, command.cost_of(arguments), essential=command.essential)
            if command.pipelined:
                await self._start_pipelined(command.handler(self, arguments), ref, name)
            else:
                self._answer(ref, await command.handler(self, arguments))
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            self.answer_error(ref, from_decoding(error), name)
        except Exception as error:  # noqa: BLE001  every failure has its answer
            self.answer_error(ref, as_domain_error(error), name)
        if self._outbox.is_full:  # the client must read its answers before the next command runs
            await self._outbox.wait_for_room()

    async def _authenticate(self, token: str, ref: Ref) -> None:
        """Take the token of a socket that connected without credentials, or a new token of the same user."""
        if self.identity is not None:
            charge(self.user_id, essential=True)
        identity = await self.runtime.ask(registry.get_authentication().by_tokens, token)
        if self.identity is None:
            try:
                await self.open(identity)
            except Exception as error:  # noqa: BLE001  every failure has its answer
                # The session lacks some groups and would miss events. The client must reconnect.
                self.answer_error(ref, as_domain_error(error))
                self.close_soon(Close.TRY_LATER, "the session could not be opened")
                return
        elif identity.user_id != self.user_id:
            raise invalid("The token belongs to another user.")
        self.identity = identity
        self.expiry_warned = False
        self._answer(ref, Authenticated(self.user_id))

    async def _start_pipelined(self, answer: Any, ref: Ref, name: str) -> None:
        self._in_flight += 1
        answer.add_done_callback(lambda done: self._finish_pipelined(done, ref, name))
        if self._in_flight >= self._limits.pipelined_sends:
            self._vacancy = asyncio.Event()
            await self._vacancy.wait()

    def _finish_pipelined(self, done: asyncio.Future[Any], ref: Ref, name: str) -> None:
        self._in_flight -= 1
        if self._vacancy is not None and self._in_flight < self._limits.pipelined_sends:
            self._vacancy.set()
            self._vacancy = None
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._answer(ref, done.result())
        else:
            self.answer_error(ref, as_domain_error(error), name)

    # Answers

    def _answer(self, ref: Ref, reply: registry.Reply) -> None:
        if ref is not None and self._closing is None:
            data = reply if isinstance(reply, bytes) else msgspec.json.encode(reply)
            self._outbox.put(self._transport.encode_ack(ref, data))

    def answer_error(self, ref: Ref, error: DomainError, command: str = "") -> None:
        # Clients can send any name. Only known commands may become label values.
        measures.command_errors.add(1, command if command in registry.commands else "none", error.code)
        if self._closing is None:
            self._outbox.put(self._transport.encode_error(ref, error))
