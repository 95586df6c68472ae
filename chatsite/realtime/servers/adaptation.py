"""Adapt the server of this process: its access log and its request heads.

The module of a server imports it, so only those of servers that the process has imported are imported here. A launcher
may import the application before the server, so the first event from the server adapts it at the latest.
"""

from __future__ import annotations

import functools
import sys

from django.conf import settings


def adapt_servers() -> None:
    """Adapt every server that this process has imported until now, once."""
    if "daphne" in sys.modules:
        _adapt_daphne()
    if "uvicorn" in sys.modules:
        _adapt_uvicorn()


@functools.cache
def _adapt_daphne() -> None:
    from chatsite.realtime.servers.daphne import silence_access_log

    silence_access_log()


@functools.cache
def _adapt_uvicorn() -> None:
    from chatsite.realtime.servers.uvicorn_requests import limit_request_heads

    limit_request_heads(settings.CHAT.head_seconds)
