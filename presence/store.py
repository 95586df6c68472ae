"""What a presence store is: it knows every connection of every process, and says who comes and who is gone.

A user is online from the first connection until both `grace` has passed since the last one was closed and `ttl` has
passed since the last one was heard of. So a closed tab that comes back at once is never noticed, and a killed process,
which closes nothing, keeps nobody online for longer than `ttl`.

`RedisPresence` serves any number of processes, `LocalPresence` the embedded default; one test suite holds for both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol


class StoreUnavailable(Exception):
    """The store did not answer. Nothing may be concluded from that, not even that the request was not served."""


class Connection(NamedTuple):
    user_id: str
    id: str


class Departure(NamedTuple):
    connection: Connection
    ago: float  # seconds since it was closed; processes compare no clocks


@dataclass(frozen=True, kw_only=True)
class Settled:
    """`came`: the users who were not online before. `generation`: see `PresenceStore`."""

    generation: str
    came: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Reaped:
    """`went`: who is offline from now on, and since when (UTC). `more`: there may be others, ask again at once.

    `returned`: those of the doubted who are online after all.
    """

    generation: str
    went: Mapping[str, datetime] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    more: bool = False


class PresenceStore(Protocol):
    """The store as one process's event loop uses it. Every method raises `StoreUnavailable`.

    A store's `generation` changes when it has lost what it knew, such as a Redis that was restarted empty.
    """

    async def settle(self, *, present: Sequence[Connection], gone: Sequence[Departure]) -> Settled:
        """Tell of connections that live, new or known, and of closed ones. May be told twice."""
        ...

    async def reap(self, *, doubted: Collection[str]) -> Reaped:
        """Take out the users whose time is up. Each departure is given to one caller only, whatever the process."""
        ...

    async def close(self) -> None: ...


class PresenceReader(Protocol):
    """The store as a request's thread uses it."""

    def online(self, user_ids: Collection[str]) -> set[str]:
        """Which of the users are online, in one round trip. Raises `StoreUnavailable`."""
        ...
