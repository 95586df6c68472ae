"""The gauges of presence in `/metrics`."""

from __future__ import annotations

from chatsite.observability.metrics.instruments import Gauge
from chatsite.realtime.runtime import running_runtime
from presence.tracker import Tracker


def _tracker() -> Tracker | None:
    runtime = running_runtime()
    return None if runtime is None else runtime.state.find(Tracker)


def _connections() -> float:
    tracker = _tracker()
    return 0 if tracker is None else tracker.connections


def _unreported() -> float:
    tracker = _tracker()
    return 0 if tracker is None else tracker.unreported


def _store_up() -> float:
    tracker = _tracker()
    return float(tracker is not None and not tracker.is_away)


Gauge("chat_presence_connections", "Live connections of this process.", _connections)
Gauge(
    "chat_presence_untold",
    "Opened and closed connections that have not been reported to the store yet.",
    _unreported,
)
Gauge("chat_presence_up", "1 while the presence store answers.", _store_up)
