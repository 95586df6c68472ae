"""A plain WebSocket. The limits of the library are for an idle machine; these grow with the load."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.client import connect

from tests.harness.patience import patience


def dial(url: str, **options: Any) -> connect:
    """Like `connect` of websockets, to await or to use as a context manager."""
    limits: dict[str, Any] = {"open_timeout": patience(10), "ping_timeout": patience(20)}
    return connect(url, **{"proxy": None, **limits, **options})
