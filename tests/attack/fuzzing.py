"""The number of examples for fuzzers: a few fixed ones in CI, and many with `HYPOTHESIS_PROFILE=long`."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

CI: Final = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG: Final = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
FUZZ: Final = LONG if os.environ.get("HYPOTHESIS_PROFILE") == "long" else CI
