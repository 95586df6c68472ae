"""Health checks for orchestrators: whether the process is alive, and whether it can serve."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The state of this process's runtime, which serves the sockets."""

    is_layer_connected: bool
    is_stopping: bool


_read_process_state: list[Callable[[], ProcessState]] = []


def report_process_state(read: Callable[[], ProcessState]) -> None:
    """Register the function that returns the runtime's state for `/readyz`. The runtime registers itself."""
    _read_process_state[:] = [read]


def process_state() -> ProcessState:
    """Return the runtime's state. A process without a runtime is neither connected nor stopping."""
    return _read_process_state[0]() if _read_process_state else ProcessState(False, False)


# A standby answers `on`, like a server that was made read-only.
_PROBE_QUERIES: Final = {"postgresql": "SHOW transaction_read_only"}


def _is_read_only_file() -> bool:
    """Return whether the database is an SQLite file that this process cannot write."""
    path = connection.settings_dict["NAME"]
    return connection.vendor == "sqlite" and Path(path).is_file() and not os.access(path, os.W_OK)


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if messages can be stored and the process is not stopping, otherwise 503.

    The answer also reports the channel layer. A failure of Redis does not make a process unready.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_PROBE_QUERIES.get(connection.vendor, "SELECT 1"))
            [answer] = cursor.fetchone() or [None]
        database = "read-only" if answer == "on" or _is_read_only_file() else "ok"
        if answer == "on":
            # The next probe connects again and may reach the primary. The pool discards a closed connection.
            connection.connection.close()
            connection.close()
    except DatabaseError as error:
        database = f"unavailable: {type(error).__name__}"
    process = process_state()
    status = 200 if database == "ok" and not process.is_stopping else 503
    layer = "ok" if process.is_layer_connected else "unavailable"
    return JsonResponse(
        {"database": database, "layer": layer, "stopping": process.is_stopping}, status=status
    )


def answer_probes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: answer probes before Django checks the host name, because they reach a process by its address."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info.rstrip("/"))
        return get_response(request) if probe is None else probe(request)

    return answer


PROBES: Final[dict[str, Callable[[HttpRequest], HttpResponse]]] = {"/healthz": healthz, "/readyz": readyz}
