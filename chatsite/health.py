"""Answers for machines: whether the process lives and can serve, and errors outside of REST views in the one shape."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from chatsite.errors import DomainError
from chatsite.errors import not_found as not_found_error
from chatsite.realtime.runtime import running_hub


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 where messages can be stored; 503 otherwise. Redis away is reported, and does not stop the service."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = "ok"
    except DatabaseError as error:
        database = f"unavailable: {type(error).__name__}"
    hub = running_hub()
    layer = "ok" if hub is not None and hub.is_connected else "unavailable"
    status = 200 if database == "ok" else 503
    return JsonResponse({"database": database, "layer": layer}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(not_found_error("page"))


def server_error(request: HttpRequest) -> HttpResponse:
    return _error(DomainError("internal", "Something went wrong on our side."))


def _error(error: DomainError) -> HttpResponse:
    body: dict[str, Any] = {"error": error.as_dict()}
    return JsonResponse(body, status=error.http_status)
