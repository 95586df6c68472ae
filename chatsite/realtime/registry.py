"""The commands, events and hooks of the apps. Each app registers its own, usually in `AppConfig.ready`.

So `chatsite.realtime` calls the apps without importing them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from chatsite.errors import DomainError
from chatsite.realtime.events import ErrorObject, Event, ExpiringEvent, StoppingEvent
from chatsite.realtime.identity import Identity
from chatsite.realtime.interfaces import Runtime, Session

DataT = TypeVar("DataT", bound=msgspec.Struct)
Cost = float | Callable[[Any], float]  # of one call; a message costs 1
Reply = Any  # the data of the ack: a struct, a dict, or encoded JSON

Handler = Callable[[Session, Any], Awaitable[Reply]]
PipelinedHandler = Callable[[Session, Any], asyncio.Future[Reply]]


@dataclass(frozen=True)
class Command:
    """An event that clients may send. `data` gives its fields and their types."""

    name: str
    data: type[msgspec.Struct]
    handler: Handler | PipelinedHandler
    pipelined: bool  # the next frame is read before this one is answered
    answer: Any = Any  # the struct of the ack's data, or several structs whose fields it combines
    cost: Cost = 1.0  # of the user's limit
    essential: bool = False  # the client needs it to stay connected, so it may overdraw the limit
    scope: str | None = None  # that an API key needs; "": every key may, None: no key may

    def cost_of(self, data: Any) -> float:
        return self.cost(data) if callable(self.cost) else self.cost


commands: Final[dict[str, Command]] = {}


def command(
    name: str,
    data: type[DataT],
    *,
    answer: Any = Any,
    cost: Cost = 1.0,
    essential: bool = False,
    scope: str | None = None,
) -> Callable[[Callable[[Session, DataT], Awaitable[Reply]]], Any]:
    """Register an async handler. Commands of one socket run one after the other."""

    def register(handler: Callable[[Session, DataT], Awaitable[Reply]]) -> Any:
        commands[name] = Command(name, data, handler, False, answer, cost, essential, scope)
        return handler

    return register


def pipelined_command(
    name: str, data: type[DataT], *, answer: Any = Any, cost: Cost = 1.0, scope: str | None = None
) -> Callable[[Callable[[Session, DataT], asyncio.Future[Reply]]], Any]:
    """Register a handler that queues its work at once, in order, and returns a future for the answer."""

    def register(handler: Callable[[Session, DataT], asyncio.Future[Reply]]) -> Any:
        commands[name] = Command(name, data, handler, True, answer, cost, scope=scope)
        return handler

    return register


@dataclass(frozen=True)
class EventKind:
    """An event that the server sends: its data, and who gets it."""

    name: str
    data: type[msgspec.Struct]
    to: str
    scope: str | None = None  # that the socket of an API key needs; "": every key gets it, None: no key does


events: Final[dict[str, EventKind]] = {}


def event(name: str, data: type[msgspec.Struct], to: str, *, scope: str | None = None) -> None:
    """Declare an event. `to` says who gets it. Sockets of API keys without the `scope` do not."""
    events[name] = EventKind(name, data, to, scope)


def may_get(identity: Identity, name: str) -> bool:
    """Return whether the scopes of the identity cover the event. No API key gets an event that is not declared."""
    if identity.scopes is None:
        return True
    kind = events.get(name)
    return kind is not None and identity.has_scope(kind.scope)


event("error", ErrorObject, "The socket that asked.", scope="")
event("server_stopping", StoppingEvent, "Every socket of a process that ends.", scope="")
event("session_expiring", ExpiringEvent, "A socket whose access token ends within a minute.", scope="")

# Hooks. The functions of a list are called in the order of INSTALLED_APPS. Those of `caught_up` and `restored` are
# called again, with the same time, until they succeed.

SessionEventHook = Callable[[Session, Event], None]

# A session has its identity but accepts no commands yet. Subscribe it to its groups here.
opened: Final[list[Callable[[Session], Awaitable[None]]]] = []
# The socket of an opened session is gone.
closed: Final[list[Callable[[Session], None]]] = []
# By event name: an event with a note has been written to the session's socket.
on_delivered: Final[dict[str, SessionEventHook]] = {}
# Names of events without a `rev` that may be dropped when a session's queue is full. `caught_up` must send the client
# what it missed.
recoverable: Final[set[str]] = set()
# The socket of a session has drained, and events since the given time were dropped. Send the client the current state.
caught_up: Final[list[Callable[[Session, datetime], Awaitable[None]]]] = []
# By name (`~…`): a control message has reached a session of its group.
control_handlers: Final[dict[str, SessionEventHook]] = {}
# The first request or socket of a process starts its runtime.
started: Final[list[Callable[[Runtime], None]]] = []
# Events from other processes since the given time may have been lost, and they arrive again. Make clients catch up.
restored: Final[list[Callable[[Runtime, datetime], Awaitable[None]]]] = []
# The process shuts down and accepts no new work. Finish the accepted work.
stopping: Final[list[Callable[[Runtime], Awaitable[None]]]] = []


@dataclass
class Authentication:
    """The functions that turn credentials into an identity. `chatsite.identity` provides them.

    `by_tokens(tokens)` returns an identity or a `DomainError` "unauthenticated" for each token. `by_ticket(ticket)`
    raises that error. `by_cookie(header)` returns None if the cookies have no live session. `ended(identities)`
    returns those that are no longer valid. All of them are synchronous and may query the database.
    """

    by_tokens: Callable[[list[str]], list[Identity | DomainError]]
    by_ticket: Callable[[str], Identity]
    by_cookie: Callable[[str], Identity | None]
    ended: Callable[[list[Identity]], set[Identity]]


authentication: Authentication | None = None


def set_authentication(value: Authentication) -> None:
    global authentication
    authentication = value


def get_authentication() -> Authentication:
    assert authentication is not None, "chatsite.identity is not installed"
    return authentication
