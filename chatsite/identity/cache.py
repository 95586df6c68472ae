"""What the shared cache raises when it is away."""

from __future__ import annotations

from typing import Final

import redis

CACHE_AWAY: Final = (redis.RedisError, OSError)
