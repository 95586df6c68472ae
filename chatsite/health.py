"""Answers for machines: whether the process lives and can serve, and errors outside of REST views in the one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from chatsite.errors import DomainError
from chatsite.errors import not_found as not_found_error
from chatsite.realtime.runtime import running_runtime


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 where messages can be stored and the process is to stay; 503 otherwise. Redis away is reported, and does not
    stop the service."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = "ok"
    except DatabaseError as error:
        database = f"unavailable: {type(error).__name__}"
    runtime = running_runtime()
    layer = "ok" if runtime is not None and runtime.hub.is_connected else "unavailable"
    is_stopping = runtime is not None and runtime.is_stopping
    status = 200 if database == "ok" and not is_stopping else 503
    return JsonResponse({"database": database, "layer": layer, "stopping": is_stopping}, status=status)


def answer_probes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: answers probes before the host's name is looked at. They come to a process by its address."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info.rstrip("/"))
        return get_response(request) if probe is None else probe(request)

    return answer


PROBES: Final[dict[str, Callable[[HttpRequest], HttpResponse]]] = {"/healthz": healthz, "/readyz": readyz}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(not_found_error("page"))


def server_error(request: HttpRequest) -> HttpResponse:
    return _error(DomainError("internal", "Something went wrong on our side."))


def _error(error: DomainError) -> HttpResponse:
    body: dict[str, Any] = {"error": error.as_dict()}
    return JsonResponse(body, status=error.http_status)
