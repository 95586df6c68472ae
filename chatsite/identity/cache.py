"""The exceptions that the shared cache raises when it cannot be reached."""

from __future__ import annotations

from typing import Final

import redis

CACHE_AWAY: Final = (redis.RedisError, OSError)
