"""Error pages in the reader's language. Each explains the error and what to do."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import DomainError, as_domain_error
from chatsite.errors import not_found as not_found_error
from chatsite.http.error_answers import GetResponse, error_answer, wants_page

TEXTS: Final[dict[str, str | Promise]] = {
    "unauthenticated": _("Please sign in again."),
    "forbidden": _("You can view this, but you cannot change it."),
    "not_found": _("This does not exist, or you do not have access to it."),
    "conflict": _("This is no longer open."),
    "frozen": _("A moderator has closed this conversation to new messages."),
    "too_large": _("That is too long. Please shorten it."),
    "unavailable": _("The service is busy. Please try again in a moment."),
}
OWNERS_ONLY: Final = _("Only an owner of the business can open this page. Ask one of them.")
OTHERWISE: Final = _("That did not work. Please check your entries and try again.")


def text_of(error: DomainError) -> str:
    """Return the text that users see for the error."""
    if error.code == "rate_limited":
        return _wait_text(float((error.details or {}).get("retryAfter", 60)))
    if error.code == "forbidden" and (error.details or {}).get("role") == "owner":
        return str(OWNERS_ONLY)
    return str(TEXTS.get(error.code, OTHERWISE))


def _wait_text(seconds: float) -> str:
    rounded = max(1, round(seconds))
    text = ngettext(
        "Too many attempts. Please wait %(count)d second.",
        "Too many attempts. Please wait %(count)d seconds.",
        rounded,
    )
    return text % {"count": rounded}


def refusal_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    title = gettext("Not found") if error.code == "not_found" else gettext("That did not work")
    return _page(request, title, text_of(error), status=error.http_status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer requests that Django rejects before a view runs, such as a wrong `Host` or too many form fields."""
    return _answer(request, as_domain_error(exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, DomainError("forbidden", "You do not have permission to do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address: a page for browsers, a JSON error for programs."""
    return _answer(request, not_found_error("page"))


def _answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    return refusal_page(request, error) if wants_page(request) else error_answer(error)


class DevelopmentAnswers:
    """Middleware: in development, answer `not found` as in production. Django would list the addresses of the site."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_unknown = response.status_code == 404 and request.resolver_match is None
        return not_found(request, Http404()) if settings.DEBUG and is_unknown else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return not_found(request, exception) if settings.DEBUG and isinstance(exception, Http404) else None


def server_error(request: HttpRequest) -> HttpResponse:
    if not wants_page(request):
        return error_answer(DomainError("internal", "An internal error occurred."))
    text = gettext("Something went wrong on our side. Please try again in a moment.")
    return _page(request, gettext("That did not work"), text, status=500)


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "") and not wants_page(request)


def stale_form(request: HttpRequest) -> HttpResponse:
    """Answer a form whose CSRF token is missing or old."""
    if wants_json(request):
        return error_answer(DomainError("forbidden", "The CSRF token is missing or incorrect."))
    text = gettext("This form has expired. Go back, reload the page, and try again.")
    return _page(request, gettext("That did not work"), text, status=403)


def _page(request: HttpRequest, title: str, text: str, *, status: int) -> HttpResponse:
    return render(request, "web/refusal.html", {"title": title, "text": text}, status=status)
