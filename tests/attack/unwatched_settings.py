"""The site's settings, without the look at all sockets every two seconds: what closes a socket here is an order."""

from __future__ import annotations

from dataclasses import replace

from chatsite.settings import *  # noqa: F403
from chatsite.settings import CHAT as WATCHED

CHAT = replace(WATCHED, revalidate_seconds=24 * 3600)
