"""The site's settings, with a short time limit for the head of a request."""

from __future__ import annotations

from dataclasses import replace

from chatsite.settings import *  # noqa: F403
from chatsite.settings import CHAT as SITE_LIMITS

CHAT = replace(SITE_LIMITS, head_seconds=2)
