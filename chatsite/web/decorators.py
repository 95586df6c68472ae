"""The decorators of web pages: their additions to the site's policy, and their errors as pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from chatsite.config.attachments import file_origins
from chatsite.errors import FAILED_DATABASE, DomainError, as_domain_error
from chatsite.http.security_headers import permissions
from chatsite.web.error_pages import refusal_page
from conversations.attachments.body_parser import WholeBodyHandler

View = Callable[..., HttpResponseBase]

# Pages show attachments and voice messages, also from a host for files alone or a bucket, and previews of files that
# are not uploaded yet.
FILE_HOSTS: Final = file_origins(settings.ATTACHMENTS_ORIGIN, settings.STORAGES.get("attachments", {}))
MEDIA: Final = {
    "img-src": ["data:", "blob:", *FILE_HOSTS],
    "media-src": [SELF, "blob:", *FILE_HOSTS],
    "connect-src": FILE_HOSTS,
}


def page(view: View) -> View:
    """Allow the page to show media, and turn errors of the view and a lost database into error pages."""

    @csp_update(MEDIA)
    @wraps(view)
    def answer(request: HttpRequest, *given: Any, **named: Any) -> HttpResponseBase:
        try:
            response = view(request, *given, **named)
        except (DomainError, BadRequest, SuspiciousOperation, *FAILED_DATABASE) as error:
            response = refusal_page(request, as_domain_error(error))
        response.setdefault("Cache-Control", "private, no-store")
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("Permissions-Policy", permissions("microphone"))  # to record voice messages
        return response

    return answer


def form_page(view: View) -> View:
    """Declare a page for signed-in users that takes its own forms."""
    return require_http_methods(["GET", "HEAD", "POST"])(page(login_required(view)))


def file_form(view: View) -> View:
    """Let signed-in users send a file in the form of the view. Put it below `page`."""
    checked = csrf_protect(login_required(view))

    @csrf_exempt  # before the inner check reads the form, the handler must be there
    @wraps(view)
    def receive(request: HttpRequest, *given: Any, **named: Any) -> HttpResponseBase:
        request.upload_handlers = [WholeBodyHandler(request)]
        return checked(request, *given, **named)

    return receive


def form_action(back: str, *names: str) -> Callable[[View], View]:
    """Declare a view that takes forms of the page `back`, whose address has the arguments `names` of the view's own.

    A GET leads to that page. Browsers ask for it after a sign-in, and when a form that was refused is reloaded.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *given: Any, **named: Any) -> HttpResponseBase:
            if request.method in {"GET", "HEAD"}:
                found: HttpResponseBase = redirect(back, **{name: named[name] for name in names})
                return found
            return view(request, *given, **named)

        return require_http_methods(["GET", "HEAD", "POST"])(answer)

    return declare
