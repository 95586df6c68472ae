"""Put the events of a group into the order of their `rev`.

Two processes that commit one after the other may publish in the opposite order, and then people would see different
orders. So each process holds an early event until the missing one arrives, or for `wait` seconds. An event that arrives
after that is still delivered, because some clients do not use `sync`. A repeated event is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chatsite.realtime.events import Event

MOST_HELD = 1_000  # early events of one group; with more, all of them are delivered
MOST_MISSING = 1_000  # revs that are remembered as missing
LATE_AT_START = 64  # revs before the first one, whose events may still arrive


class RevisionOrder:
    """The order of one group. `deliver` is called with the events in order."""

    __slots__ = ("_deliver", "_held", "_last", "_missing", "_started", "_timer", "_wait")

    def __init__(self, deliver: Callable[[Event], None], wait: float) -> None:
        self._deliver = deliver
        self._wait = wait
        self._last = 0  # the highest rev that was delivered
        self._started = False  # `_last` alone does not tell: a new conversation starts at 0
        self._held: dict[int, Event] = {}
        self._missing: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def last(self) -> int:
        return self._last

    def add(self, event: Event) -> None:
        rev = event.rev
        self.start_after(rev - 1)  # has no effect if the start is known
        if rev == self._last + 1:
            self._deliver_next(event)
            self._deliver_followers()
        elif rev <= self._last:
            if rev in self._missing:
                self._missing.discard(rev)
                self._deliver(event)
        else:
            self._hold(event)

    def start_after(self, rev: int) -> None:
        """Set the `rev` of the group at which its first socket joined. Late events from before are still delivered."""
        if not self._started:
            self._started = True
            self._last = rev
            self._missing.update(range(max(1, rev - LATE_AT_START), rev + 1))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _hold(self, event: Event) -> None:
        self._held[event.rev] = event
        if len(self._held) > MOST_HELD:
            self._give_up_waiting()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._wait, self._give_up_waiting)

    def _give_up_waiting(self) -> None:
        """Deliver all held events in order, and remember which revs are missing."""
        for rev in sorted(self._held):
            if len(self._missing) < MOST_MISSING:
                self._missing.update(range(self._last + 1, min(rev, self._last + 1 + MOST_MISSING)))
            self._deliver_next(self._held[rev])
        self._held.clear()
        self._stop_timer()

    def _deliver_followers(self) -> None:
        while self._held and (follower := self._held.pop(self._last + 1, None)) is not None:
            self._deliver_next(follower)
        if not self._held:
            self._stop_timer()

    def _deliver_next(self, event: Event) -> None:
        self._last = event.rev
        self._deliver(event)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
