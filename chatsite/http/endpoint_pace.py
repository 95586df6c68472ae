"""Endpoints of users that answer slowly are served by queues of their own, so that they do not delay the others."""

from __future__ import annotations

from typing import Final

SLOW_SECONDS: Final = 2.0  # an attempt that takes longer makes an endpoint slow
QUICK_TIMEOUT: Final = 5.0  # seconds for an attempt of an endpoint that is not slow
SLOW_TIMEOUT: Final = 15.0


def timeout_of(*, is_slow: bool) -> float:
    return SLOW_TIMEOUT if is_slow else QUICK_TIMEOUT
