"""The interface of a presence store, which knows every connection of every process and who is online by them.

A user is online from the first connection until both `grace` has passed since the last one was closed and `ttl` has
passed since the last one was heard of. A tab that is reloaded causes no announcement, and a killed process, which
closes nothing, keeps nobody online for longer than `ttl`.

`RedisPresence` serves any number of processes, `LocalPresence` the embedded default; one test suite holds for both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol


class StoreUnavailable(Exception):
    """The store did not answer. It may have carried the request out all the same."""


class Connection(NamedTuple):
    user_id: str
    id: str


class ClosedConnection(NamedTuple):
    connection: Connection
    ago: float  # seconds since it was closed; processes compare no clocks


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """`online`: the users who were not online before. `generation`: see `PresenceStore`."""

    generation: str
    online: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class ExpireResult:
    """`offline`: the users who went offline, with the times (UTC). `more`: call again at once, there may be others.

    `returned`: the users of `to_verify` who are online after all.
    """

    generation: str
    offline: Mapping[str, datetime] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    more: bool = False


class PresenceStore(Protocol):
    """The store as one process's event loop uses it. Every method raises `StoreUnavailable`.

    A store's `generation` changes when it has lost what it knew, such as a Redis that was restarted empty.
    """

    async def sync(self, *, present: Sequence[Connection], gone: Sequence[ClosedConnection]) -> SyncResult:
        """Report live connections, new or known, and closed ones. Reporting one twice is harmless."""
        ...

    async def expire(self, *, to_verify: Collection[str]) -> ExpireResult:
        """Expire the users whose time is up. Each is returned to one caller only, whatever the process."""
        ...

    async def close(self) -> None: ...


class PresenceReader(Protocol):
    """The store as a request's thread uses it."""

    def online(self, user_ids: Collection[str]) -> set[str]:
        """Which of the users are online, in one round trip. Raises `StoreUnavailable`."""
        ...
