"""How long tests wait for what must come, on a machine that does much besides.

Where a test says how long something may take, it means a machine at rest. A wait that succeeds returns at once, so a
larger allowance costs time only where the test fails anyway.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

IN_CI: Final = 4.0  # four test processes and all their servers share two cores there
MOST: Final = 12.0  # times as long; a test that fails must still come to its end


def slowness() -> float:
    """How many times as long as on a machine at rest something may take now."""
    waiting_for_each_core = os.getloadavg()[0] / (os.cpu_count() or 1)
    at_least = IN_CI if os.environ.get("CI") == "true" else 1.0
    return min(max(at_least, waiting_for_each_core), MOST)


def patience(seconds: float) -> float:
    """How long to wait for what takes no longer than `seconds` on a machine at rest."""
    return seconds * slowness()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait for what another process does and announces nowhere. Prefer to wait for an event."""
    allowed = patience(seconds)
    deadline = time.monotonic() + allowed
    while not condition():
        assert time.monotonic() <= deadline, f"waited {allowed:g} s in vain: {what}"
        time.sleep(0.05)
