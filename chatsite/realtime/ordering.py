"""Puts a group's events back into the order of their `rev`.

Two processes that commit one after the other may publish the other way round, and then two people would see two
orders. Each process therefore holds an event that came early until the missing one arrives, or for `wait` seconds.
What arrives after that is still passed on (a client without `sync` must not lose it); a repeated one is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chatsite.realtime.events import Event

MOST_HELD = 1_000  # events of one group; past it they are let go at once
MOST_HOLES = 1_000
LATE_AT_START = 64  # revs before the first one seen that may still be on their way


class RevisionOrder:
    """The order of one group. `release` is called with each event when its turn has come."""

    __slots__ = ("_held", "_holes", "_last", "_release", "_started", "_timer", "_wait")

    def __init__(self, release: Callable[[Event], None], wait: float) -> None:
        self._release = release
        self._wait = wait
        self._last = 0  # the highest rev let go
        self._started = (
            False  # 0 is a start like any other: the first events of a conversation need their order too
        )
        self._held: dict[int, Event] = {}
        self._holes: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def last(self) -> int:
        return self._last

    def add(self, event: Event) -> None:
        rev = event.rev
        self.start_after(rev - 1)  # the first one sets the start, where nobody has before
        if rev == self._last + 1:
            self._let_go(event)
            self._let_go_followers()
        elif rev <= self._last:
            if rev in self._holes:
                self._holes.discard(rev)
                self._release(event)
        else:
            self._hold(event)

    def start_after(self, rev: int) -> None:
        """The group stood at `rev` when the first socket joined; what comes late of before is still passed on."""
        if not self._started:
            self._started = True
            self._last = rev
            self._holes.update(range(max(1, rev - LATE_AT_START), rev + 1))

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
        """Let everything held go, in order, and remember the holes."""
        for rev in sorted(self._held):
            if len(self._holes) < MOST_HOLES:
                self._holes.update(range(self._last + 1, min(rev, self._last + 1 + MOST_HOLES)))
            self._let_go(self._held[rev])
        self._held.clear()
        self._stop_timer()

    def _let_go_followers(self) -> None:
        while self._held and (follower := self._held.pop(self._last + 1, None)) is not None:
            self._let_go(follower)
        if not self._held:
            self._stop_timer()

    def _let_go(self, event: Event) -> None:
        self._last = event.rev
        self._release(event)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
