"""The servers that the benchmark compares, and how long it measures each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.load_process import LoadProcess
from bench.services import Services
from bench.stack import Kind, Stack
from bench.wire import Protocol

Figures = dict[str, Any]
Setup = tuple[Kind, Protocol, bool]

# For each name: the server, the protocol, and whether it is embedded (SQLite, no services).
SETUPS: Final[dict[str, Setup]] = {
    "peer": ("peer", "socketio", False),
    "uvicorn native": ("uvicorn", "native", False),
    "daphne native": ("daphne", "native", False),
    "uvicorn Socket.IO": ("uvicorn", "socketio", False),
    "daphne Socket.IO": ("daphne", "socketio", False),
    "embedded uvicorn": ("uvicorn", "native", True),
    "embedded daphne": ("daphne", "native", True),
}


@dataclass(frozen=True)
class Plan:
    seconds: float = 8
    sizes: list[int] = field(default_factory=lambda: [10_000, 1_000_000, 10_000_000])


@contextmanager
def running(
    kind: Kind,
    services: Services | None,
    processes: int = 1,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[Stack, LoadProcess]]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Stack(kind, services, Path(folder), processes=processes, environment=environment) as stack,
        LoadProcess() as load,
    ):
        yield stack, load
