"""Answer errors outside of REST views in the form of `chatsite.errors`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.urls import get_resolver

from chatsite.errors import DomainError, as_domain_error, is_database_unavailable, not_found

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# The key of the ASGI scope under which an ASGI middleware asks Django to refuse a request with a `DomainError`.
REFUSAL: Final = "chatsite.refusal"


def wants_page(request: HttpRequest) -> bool:
    """Return whether the request is from a browser that shows a page. Programs do not ask for HTML."""
    return "text/html" in request.headers.get("Accept", "")


def error_answer(error: DomainError) -> HttpResponse:
    return JsonResponse({"error": error.as_dict()}, status=error.http_status)


class ErrorAnswers:
    """Middleware: refuse some requests before the views, and answer errors outside of REST views in the same form."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal = _refusal(request)
        if refusal is not None:
            refused = _refuse(request, refusal)
            if refusal.code == "too_large":
                refused["Connection"] = "close"  # the rest of the body is not read
            return refused
        response = self.get_response(request)
        if response.status_code == 405 and not getattr(response, "content", b"-"):
            return _method_not_allowed(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer `unavailable` while the database is away, and `invalid` for a value that it cannot store."""
        if isinstance(exception, DataError) or is_database_unavailable(exception):
            return _refuse(request, as_domain_error(exception))
        return None


def _refusal(request: HttpRequest) -> DomainError | None:
    refusal: DomainError | None = getattr(request, "scope", {}).get(REFUSAL)
    if refusal is not None:
        return refusal
    if "\x00" in request.path_info:
        return not_found("page")
    return None


def _refuse(request: HttpRequest, error: DomainError) -> HttpResponse:
    if not wants_page(request):
        return error_answer(error)
    handler: Any = get_resolver().resolve_error_handler(404 if error.code == "not_found" else 400)
    response: HttpResponse = handler(request, exception=error)
    return response


def _method_not_allowed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    error = DomainError("method_not_allowed", f"This URL does not accept {request.method}.")
    shaped = error_answer(error)
    if isinstance(response, HttpResponseNotAllowed):
        shaped["Allow"] = response["Allow"]
    return shaped
