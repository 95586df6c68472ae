"""What a page says where an operation refused: what happened and what one can do, in the reader's language."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import DomainError
from chatsite.errors import not_found as not_found_error
from chatsite.observability import health

TEXTS: Final[dict[str, str | Promise]] = {
    "unauthenticated": _("Please sign in again."),
    "forbidden": _("You may look at this, but not change it."),
    "not_found": _("This is not here, or it is not yours to see."),
    "conflict": _("This has been settled already."),
    "frozen": _("A moderator has closed this conversation for writing."),
    "too_large": _("That is too long. Please shorten it."),
    "unavailable": _("The service is busy just now. Please try again in a moment."),
}
OTHERWISE: Final = _("That did not work. Please check what you entered, and try again.")


def text_of(error: DomainError) -> str:
    """For people."""
    if error.code == "rate_limited":
        return _wait_text(float((error.details or {}).get("retryAfter", 60)))
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


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere: a page for people, the one shape of errors for programs."""
    if not _is_browser(request):
        return health.not_found(request, exception)
    return refusal_page(request, not_found_error("page"))


def server_error(request: HttpRequest) -> HttpResponse:
    if not _is_browser(request):
        return health.server_error(request)
    text = gettext("Something went wrong on our side. Please try again in a moment.")
    return _page(request, gettext("That did not work"), text, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before somebody signed in or out in another tab, mostly."""
    text = gettext("This form was too old to be sent. Go back, reload the page, and try again.")
    return _page(request, gettext("That did not work"), text, status=403)


def _is_browser(request: HttpRequest) -> bool:
    """Programs that say nothing accept anything; a browser that shows a page asks for HTML by name."""
    return "text/html" in request.headers.get("Accept", "")


def _page(request: HttpRequest, title: str, text: str, *, status: int) -> HttpResponse:
    return render(request, "web/refusal.html", {"title": title, "text": text}, status=status)
