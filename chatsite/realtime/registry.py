"""What the apps bring to a session: commands, hooks, background work. Filled in their `AppConfig.ready`.

This is how `chatsite.realtime` serves the apps without knowing them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

if TYPE_CHECKING:
    from chatsite.errors import DomainError
    from chatsite.realtime.events import Event
    from chatsite.realtime.identity import Identity
    from chatsite.realtime.runtime import Runtime
    from chatsite.realtime.session import Session

DataT = TypeVar("DataT", bound=msgspec.Struct)
Cost = float | Callable[[Any], float]  # of one call; a message costs 1
Reply = Any  # what the ack carries: a struct or dict, or bytes that are JSON already

Handler = Callable[["Session", Any], Awaitable[Reply]]
PipelinedHandler = Callable[["Session", Any], "asyncio.Future[Reply]"]


@dataclass(frozen=True)
class Command:
    """One event that clients may send. `data` gives its fields and their types."""

    name: str
    data: type[msgspec.Struct]
    handler: Handler | PipelinedHandler
    pipelined: bool  # the next frame is read before this one is answered
    answer: Any = Any  # the type of what the ack carries; or several structs, of which it is all at once
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
    """One event that clients may be sent: what its data is, and who gets it."""

    name: str
    data: type[msgspec.Struct]
    to: str


events: Final[dict[str, EventKind]] = {}


def event(name: str, data: type[msgspec.Struct], to: str) -> None:
    """Declare an event, for the document that clients are made from. `to` is a sentence."""
    events[name] = EventKind(name, data, to)


# Hooks. Each list is called in the order in which the apps stand in INSTALLED_APPS.
opened: Final[
    list[Callable[[Session], Awaitable[None]]]
] = []  # before the first command; may subscribe to groups
closed: Final[list[Callable[[Session], None]]] = []
handed: Final[
    dict[str, Callable[[Session, Event], None]]
] = {}  # by event name: it has been written to a socket
orders: Final[
    dict[str, Callable[[Session, Event], None]]
] = {}  # by name (`~…`): an order to the sessions of a group
started: Final[
    list[Callable[[Runtime], None]]
] = []  # once per process, when the first socket or request needs it
restored: Final[list[Callable[[Runtime], Awaitable[None]]]] = []  # the layer was away: make clients catch up
stopping: Final[
    list[Callable[[Runtime], Awaitable[None]]]
] = []  # the process ends: finish what has been taken; nothing new is coming


@dataclass
class Authentication:
    """How a token becomes an identity; `chatsite.identity` fills it in.

    `by_tokens(tokens)` has for each an identity or a refusal ("unauthenticated"), which `by_ticket(ticket)` raises;
    `by_cookie(header)` answers None
    where the cookies hold no live session; `ended(identities)` tells which of them are no longer valid. All are
    synchronous and may query the database.
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
