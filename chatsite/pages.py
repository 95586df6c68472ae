"""The site's first page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def index(request: HttpRequest) -> HttpResponse:
    """Where a person who opens the site's address can go from there."""
    scheme = "wss" if request.is_secure() else "ws"
    context = {"live_url": f"{scheme}://{request.get_host()}/chat", "debug_logins": settings.DEBUG}
    return render(request, "index.html", context)
