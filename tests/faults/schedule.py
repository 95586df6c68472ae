"""The schedule of faults, which is the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

# The relative frequency of each kind. The rare ones take seconds each.
SMALL: Final[dict[str, float]] = {
    "event_dropped": 20,
    "event_duplicated": 10,
    "event_delayed": 12,
    "events_silenced": 4,  # for a part of a second everything is lost, the last event included
    "client_cut": 20,
    "client_frozen": 8,  # half-open: both sides consider it open
    "client_stalled": 5,  # reads nothing for a while, and then goes on
    "clients_all_cut": 1,
    "database_connection_cut": 8,
    "redis_connection_cut": 3,
    "clock_skewed": 3,
    "frames_undecodable": 4,
}
LARGE: Final[dict[str, float]] = {
    "process_killed": 1.6,
    "process_terminated": 1.6,
    "rolling_restart": 0.2,
    "redis_down": 0.4,
    "redis_emptied": 0.4,
    "postgres_down": 0.3,
    "disk_full": 0.3,
    "postgres_read_only": 0.3,
    "burst": 0.3,  # 14 MB of events to each reader of a conversation
    "sync_huge": 0.3,
    "peer_silent": 0.5,
}
KINDS: Final = {**SMALL, **LARGE}


@dataclass(frozen=True)
class Fault:
    at: float  # seconds after the start
    kind: str
    strength: float  # 0 to 1: how long, how many, whom

    def __str__(self) -> str:
        return f"{self.at:7.2f} s  {self.kind} ({self.strength:.2f})"


def make_schedule(
    seed: int, count: int, seconds: float, kinds: Collection[str] = KINDS, sure: Sequence[str] = ()
) -> list[Fault]:
    """Return `count` faults spread over this number of seconds. Each kind of `sure` is in it at least once."""
    chance = random.Random(seed)
    names = sorted(kinds)
    chosen = chance.choices(names, [KINDS[name] for name in names], k=max(0, count - len(sure)))
    chosen += sure
    chance.shuffle(chosen)
    moments = sorted(chance.uniform(0, seconds) for _ in chosen)
    return [Fault(at, kind, chance.random()) for at, kind in zip(moments, chosen, strict=True)]
