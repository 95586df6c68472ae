"""What the apps bring to a session: commands, hooks, background work. Apps register it in their `AppConfig.ready`.

So `chatsite.realtime` serves the apps without knowing them.
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
Reply = Any  # what the ack carries: a struct or dict, or bytes that are JSON already

Handler = Callable[[Session, Any], Awaitable[Reply]]
PipelinedHandler = Callable[[Session, Any], asyncio.Future[Reply]]


@dataclass(frozen=True)
class Command:
    """An event that clients may send. `data` gives its fields and their types."""

    name: str
    data: type[msgspec.Struct]
    handler: Handler | PipelinedHandler
    pipelined: bool  # the next frame is read before this one is answered
    answer: Any = Any  # the type of what the ack carries; or several structs whose fields it has together
    cost: Cost = 1.0  # what it draws from the user's limit
    essential: bool = False  # without it the client loses its connection: it may run into debt

    def cost_of(self, data: Any) -> float:
        return self.cost(data) if callable(self.cost) else self.cost


commands: Final[dict[str, Command]] = {}


def command(
    name: str, data: type[DataT], *, answer: Any = Any, cost: Cost = 1.0, essential: bool = False
) -> Callable[[Callable[[Session, DataT], Awaitable[Reply]]], Any]:
    """Register an async handler. Commands of one socket run one after the other."""

    def register(handler: Callable[[Session, DataT], Awaitable[Reply]]) -> Any:
        commands[name] = Command(name, data, handler, False, answer, cost, essential)
        return handler

    return register


def pipelined_command(
    name: str, data: type[DataT], *, answer: Any = Any, cost: Cost = 1.0
) -> Callable[[Callable[[Session, DataT], asyncio.Future[Reply]]], Any]:
    """Register a handler that queues its work at once, in order, and returns a future for the answer."""

    def register(handler: Callable[[Session, DataT], asyncio.Future[Reply]]) -> Any:
        commands[name] = Command(name, data, handler, True, answer, cost)
        return handler

    return register


@dataclass(frozen=True)
class EventKind:
    """An event that clients may be sent: its data, and who gets it."""

    name: str
    data: type[msgspec.Struct]
    to: str


events: Final[dict[str, EventKind]] = {}


def event(name: str, data: type[msgspec.Struct], to: str) -> None:
    """Declare an event for the AsyncAPI document. `to` is a sentence."""
    events[name] = EventKind(name, data, to)


event("error", ErrorObject, "The socket that asked.")
event("server_stopping", StoppingEvent, "Every socket of a process that ends.")
event("session_expiring", ExpiringEvent, "A socket whose access token ends within a minute.")

# Hooks. Each list is called in the order in which the apps stand in INSTALLED_APPS.

SessionEventHook = Callable[[Session, Event], None]

# A session has its identity and takes no command yet: subscribe it to its groups.
opened: Final[list[Callable[[Session], Awaitable[None]]]] = []
# The socket of a session that was opened is gone.
closed: Final[list[Callable[[Session], None]]] = []
# By event name: an event with a note has been written to the session's socket.
on_delivered: Final[dict[str, SessionEventHook]] = {}
# Names of events that may be dropped for a session that is owed too much, beside those with a `rev`: `caught_up` shows
# the client what it missed.
recoverable: Final[set[str]] = set()
# The socket of a session has drained. Events from that moment on were dropped: show the client how things stand.
caught_up: Final[list[Callable[[Session, datetime], Awaitable[None]]]] = []
# By name (`~…`): a control message has reached a session of its group.
control_handlers: Final[dict[str, SessionEventHook]] = {}
# The first request or socket of a process starts its runtime.
started: Final[list[Callable[[Runtime], None]]] = []
# Events between processes may have been lost, and the channel layer works again: make clients catch up.
restored: Final[list[Callable[[Runtime], Awaitable[None]]]] = []
# The process ends and nothing new comes: finish what was begun.
stopping: Final[list[Callable[[Runtime], Awaitable[None]]]] = []


@dataclass
class Authentication:
    """How credentials become an identity. `chatsite.identity` provides it.

    `by_tokens(tokens)` returns an identity or a `DomainError` "unauthenticated" for each token. `by_ticket(ticket)`
    raises that error. `by_cookie(header)` returns None where the cookies hold no live session. `ended(identities)`
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
