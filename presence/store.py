"""The interface of a presence store, which knows the connections of all processes, and so who is online.

A user is online from the first connection until `grace` has passed since the last one was closed, and `ttl` has passed
since one was last reported. So reloading a page announces nothing, and the users of a killed process are offline after
`ttl`.

`RedisPresence` serves any number of processes, and `LocalPresence` a site with one. The same tests run for both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol


class StoreUnavailable(Exception):
    """The store did not answer. It may still have processed the request."""


class Connection(NamedTuple):
    user_id: str
    id: str


class ClosedConnection(NamedTuple):
    connection: Connection
    ago: float  # seconds since it was closed, because the clocks of processes may differ


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """`online` has the users who were not online before. `PresenceStore` explains `generation`."""

    generation: str
    online: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class ExpireResult:
    """`offline` has the users who went offline, with the times (UTC). If `more` is set, call `expire` again at once.

    `returned` has the users of `to_verify` who are online.
    """

    generation: str
    offline: Mapping[str, datetime] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    more: bool = False


class PresenceStore(Protocol):
    """The store, for the event loop of a process. Every method raises `StoreUnavailable`.

    The `generation` changes when the store has lost its data, for example when Redis restarted empty.
    """

    async def sync(self, *, present: Sequence[Connection], gone: Sequence[ClosedConnection]) -> SyncResult:
        """Report live connections, new or known, and closed ones. Repeating a report changes nothing."""
        ...

    async def expire(self, *, to_verify: Collection[str]) -> ExpireResult:
        """Expire the users whose time is over. Each is returned to one caller of one process only."""
        ...

    async def note_changes(self, user_ids: Collection[str]) -> None:
        """Note that these users have just come online or gone offline, for `PresenceReader.changed_since`."""

    async def close(self) -> None: ...


class PresenceReader(Protocol):
    """The store, for the threads of requests."""

    def online(self, user_ids: Collection[str]) -> set[str]:
        """Return the users who are online, in one round trip. Raise `StoreUnavailable`."""
        ...

    def changed_since(self, moment: datetime) -> set[str]:
        """Return who has come online or gone offline since then, up to an hour ago. Raise `StoreUnavailable`."""
        ...
