"""Gauges of this app for `/metrics`."""

from __future__ import annotations

from chatsite.observability.metrics.instruments import Gauge
from chatsite.realtime.runtime import running_runtime
from conversations.session_state import state_of
from conversations.writing.group_commit import Writer


def _waiting_changes() -> float:
    runtime = running_runtime()
    writer = None if runtime is None else runtime.state.find(Writer)
    return 0 if writer is None else writer.waiting


def _joined() -> float:
    runtime = running_runtime()
    if runtime is None:
        return 0
    return sum(len(state_of(session).joined) for session in runtime.sessions)


Gauge("chat_writer_waiting", "Changes waiting for their transaction.", _waiting_changes)
Gauge("chat_joined", "Joined conversations, summed over all sessions.", _joined)
