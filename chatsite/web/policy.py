"""The policy of every page: it loads this site's files only, with no inline script or style, and is never cached."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from csp.constants import HEADER, NONE, SELF
from csp.utils import build_policy
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from chatsite.errors import LOST_DATABASE, DomainError, as_domain_error
from chatsite.web.error_pages import refusal_page

View = Callable[..., HttpResponse]

POLICY: Final[dict[str, Any]] = {
    "default-src": [SELF],
    "base-uri": [NONE],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "img-src": [SELF, "data:", "blob:"],
    "media-src": [SELF, "blob:"],
    "object-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
}


def page(view: View) -> View:
    """Give the view's answers the policy, and turn refusals and a lost database into pages."""

    @wraps(view)
    def answer(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        try:
            response = view(request, *given, **named)
        except (DomainError, BadRequest, SuspiciousOperation, *LOST_DATABASE) as error:
            response = refusal_page(request, as_domain_error(error))
        # Set here and not left to a site-wide default, which may have to be looser for other pages.
        response[HEADER] = build_policy(config=POLICY)
        response.setdefault("Cache-Control", "private, no-store")
        response.setdefault("Referrer-Policy", "same-origin")
        return response

    return answer
