"""The site's settings without the check of all sockets every two seconds.

Only control messages close sockets here.
"""

from __future__ import annotations

from dataclasses import replace

from chatsite.settings import *  # noqa: F403
from chatsite.settings import CHAT as WATCHED

CHAT = replace(WATCHED, revalidate_seconds=24 * 3600)
