"""Gauges of this app for `/metrics`."""

from __future__ import annotations

from chatsite.observability.metrics.instruments import Gauge
from chatsite.realtime.runtime import running_runtime


def _waiting_changes() -> float:
    runtime = running_runtime()
    writer = None if runtime is None else runtime.state.get("writer")
    return 0 if writer is None else writer.waiting


def _joined() -> float:
    runtime = running_runtime()
    if runtime is None:
        return 0
    return sum(len(session.state.get("joined", ())) for session in runtime.sessions)


Gauge("chat_writer_waiting", "Changes that wait for their transaction.", _waiting_changes)
Gauge("chat_joined", "Conversations joined by the sessions, each counted for each session.", _joined)
