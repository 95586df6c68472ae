"""How long tests wait for an event on a machine that also does other work.

A test states how long something may take on an idle machine. A wait ends as soon as it succeeds, so a generous limit
costs time only in a test that fails.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

LEAST: Final = (
    4.0  # several test processes and all their servers share the cores, even if the load is low so far
)
MOST: Final = 12.0  # a test that fails must still come to an end


def slowness() -> float:
    """Return how many times longer than on an idle machine something may take now."""
    busy = max(os.getloadavg()[0], _running_now())
    return min(max(LEAST, busy / (os.cpu_count() or 1)), MOST)


def patience(seconds: float) -> float:
    """Return how long to wait for something that takes at most `seconds` on an idle machine."""
    return seconds * slowness()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait for a change in another process that no event announces. Prefer to wait for an event."""
    allowed = patience(seconds)
    deadline = time.monotonic() + allowed
    while not condition():
        assert time.monotonic() <= deadline, f"not within {allowed:g} s: {what}"
        time.sleep(0.05)


def _running_now() -> float:
    """Return the number of runnable processes. The load average shows a compile only a minute after it began."""
    with suppress(OSError):  # only Linux has the file
        return float(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    return 0.0
