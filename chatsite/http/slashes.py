"""Redirect to the same address with a trailing slash, for the parts of the site that use them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import escape_leading_slashes


def add_slash(request: HttpRequest) -> HttpResponse:
    """Redirect GET and HEAD only. A redirected form would lose its fields."""
    if request.method not in {"GET", "HEAD"}:
        raise Http404
    return HttpResponseRedirect(escape_leading_slashes(request.get_full_path(force_append_slash=True)))
