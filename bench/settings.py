"""The project's settings without the rate limits of sockets and users, which would stop the load generator.

The URLs have a plain view beside the site's own, for the history section.
"""

from __future__ import annotations

from dataclasses import replace

from chatsite.settings import *  # noqa: F403
from chatsite.settings import CHAT as HOUSE_LIMITS

ROOT_URLCONF = "bench.urls"
CHAT = replace(
    HOUSE_LIMITS,
    frames_per_second=1_000_000,
    frames_burst=1_000_000,
    user_changes_per_second=1_000_000,
    user_changes_burst=1_000_000,
)
