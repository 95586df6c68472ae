"""Gauges of the running process: sessions, queues, the channel layer, the database pool, the event loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

from django.db import connection

from chatsite.observability.metrics import measures
from chatsite.observability.metrics.instruments import Gauge, Labels
from chatsite.realtime import registry
from chatsite.realtime.interfaces import Runtime, Session
from chatsite.realtime.runtime import running_runtime

LAG_SECONDS: Final = 0.5  # between two measurements of the event loop's lag


def _sessions() -> list[Session]:
    runtime = running_runtime()
    return [] if runtime is None else list(runtime.sessions)


def _sessions_by_transport() -> dict[Labels, float]:
    found = Counter(session.transport_kind for session in _sessions())
    return {(kind,): found[kind] for kind in ("native", "socketio", "polling")}


def _waiting_frames() -> dict[Labels, float]:
    depths = [session.waiting for session in _sessions()]
    frames, sizes = [depth[0] for depth in depths], [depth[1] for depth in depths]
    return {
        ("frames", "all"): sum(frames),
        ("frames", "deepest"): max(frames, default=0),
        ("bytes", "all"): sum(sizes),
        ("bytes", "deepest"): max(sizes, default=0),
    }


def _groups() -> float:
    runtime = running_runtime()
    return 0 if runtime is None else len(runtime.hub.groups)


def _layer_up() -> float:
    runtime = running_runtime()
    return float(runtime is not None and runtime.hub.is_connected)


def _publishes_waiting() -> float:
    runtime = running_runtime()
    return 0 if runtime is None else runtime.hub.publishes_waiting


def _pool() -> dict[Labels, float]:
    """Read psycopg's pool, which all threads share. SQLite has none."""
    pool: Any = getattr(connection, "pool", None)
    if pool is None:
        return {}
    stats = pool.get_stats()
    size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
    return {
        ("most",): stats.get("pool_max", 0),
        ("open",): size,
        ("used",): size - idle,
        ("waiting",): stats.get("requests_waiting", 0),
    }


Gauge("chat_sessions", "Signed-in sessions.", _sessions_by_transport, "transport")
Gauge("chat_outbox_waiting", "Frames and bytes that wait for a socket.", _waiting_frames, "unit", "of")
Gauge("chat_groups", "Groups that this process has subscribed to.", _groups)
Gauge("chat_layer_up", "1 while Redis can be reached to publish to other processes.", _layer_up)
Gauge("chat_layer_waiting", "Publishes that wait for their pipeline.", _publishes_waiting)
Gauge(
    "chat_database_pool",
    "Database connections of this process, and threads that wait for one.",
    _pool,
    "state",
)


async def _measure_lag() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        measures.loop_lag.observe(max(0.0, loop.time() - due))


def start(runtime: Runtime) -> None:
    runtime.spawn("measuring the event loop", _measure_lag)


registry.started.append(start)
