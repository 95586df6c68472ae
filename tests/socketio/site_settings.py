"""Settings of the test site. Tests set limits and the allowed origins by environment variables."""

from __future__ import annotations

import os
from typing import Any

from chatsite.config.limits import Limits


def _number(name: str, default: float) -> float:
    return float(os.environ.get(name) or default)


SECRET_KEY = "only for these tests"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
FRONTEND_ORIGINS = os.environ.get("FRONTEND_ORIGINS", "").split()
CHAT = Limits(
    queue_frames=int(_number("QUEUE_FRAMES", Limits.queue_frames)),
    frames_per_second=_number("FRAMES_PER_SECOND", Limits.frames_per_second),
    frames_burst=int(_number("FRAMES_BURST", Limits.frames_burst)),
    flood_strikes=int(_number("FLOOD_STRIKES", Limits.flood_strikes)),
    ping_seconds=_number("PING_SECONDS", Limits.ping_seconds),
    pong_seconds=_number("PONG_SECONDS", Limits.pong_seconds),
    authenticate_seconds=_number("AUTHENTICATE_SECONDS", Limits.authenticate_seconds),
)
PLAIN_ASGI = os.environ.get("PLAIN_ASGI") == "1"
DATABASES: dict[str, Any] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
CHANNEL_LAYERS: dict[str, Any] = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
USE_TZ = True
