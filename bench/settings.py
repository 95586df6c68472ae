"""The project's settings with a socket's and a user's limits lifted: a load generator is the flood they are for."""

from __future__ import annotations

from dataclasses import replace

from chatsite.settings import *  # noqa: F403
from chatsite.settings import CHAT as HOUSE_LIMITS

CHAT = replace(
    HOUSE_LIMITS,
    frames_per_second=1_000_000,
    frames_burst=1_000_000,
    user_changes_per_second=1_000_000,
    user_changes_burst=1_000_000,
)
