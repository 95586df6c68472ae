"""The times of retries, and the circuit breaker of endpoints that keep failing."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

GIVE_UP_AFTER: Final = timedelta(days=3)  # since the first attempt
CIRCUIT_FAILURES: Final = 5  # in a row, before the endpoint is left alone
LONGEST_RETRY_AFTER: Final = 3600.0  # seconds that an endpoint may ask for

_RETRIES: Final = (5, 30, 120, 600, 1800, 3600, 7200, 14_400)  # seconds; the last one is repeated
_CIRCUIT: Final = (30, 60, 300, 900, 1800, 3600)


def retry_delay(attempts: int, asked: float | None = None) -> timedelta:
    """Return the wait after attempt number `attempts`, varied by a fifth, or the endpoint's `Retry-After` if longer."""
    seconds = _RETRIES[min(attempts, len(_RETRIES)) - 1] * random.uniform(0.8, 1.2)
    return timedelta(seconds=max(seconds, min(asked or 0.0, LONGEST_RETRY_AFTER)))


def circuit_delay(failures: int) -> timedelta | None:
    """Return how long to pause an endpoint after this many failures in a row. None: the circuit is closed."""
    beyond = failures - CIRCUIT_FAILURES
    if beyond < 0:
        return None
    return timedelta(seconds=_CIRCUIT[min(beyond, len(_CIRCUIT) - 1)] * random.uniform(0.8, 1.2))
