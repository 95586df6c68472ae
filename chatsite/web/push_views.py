"""What the browser fetches to install the site and to show its pushes: the service worker, the manifest, the icons.

The service worker lives below the inbox, so it has nothing to do with other pages of the origin. It has no `fetch`
handler: it caches nothing, and no request of a page goes through it.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi, gettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from chatsite.web.decorators import page

WORKER: Final = "web/push_worker.js"
ICONS: Final = ("180", "192", "512", "maskable", "badge")
DAY: Final = 86_400


@require_safe
def push_worker(request: HttpRequest) -> HttpResponse:
    """Serve the service worker. Its address stays, so that browsers find its newer version; they ask each time."""
    response = HttpResponse(_worker_source(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@functools.cache
def _worker_source() -> bytes:
    return Path(str(finders.find(WORKER))).read_bytes()


@require_safe
@page
@login_required
def form_token(request: HttpRequest) -> HttpResponse:
    """Return the CSRF token, for what the service worker sends. It cannot read cookies in every browser."""
    return JsonResponse({"csrfToken": get_token(request)})


@require_safe
@vary_on_cookie
def manifest(request: HttpRequest) -> HttpResponse:
    """Serve the web app manifest, in the reader's language."""
    inbox, name = reverse("web:inbox"), gettext("Business chat")
    any_icons = [
        {"src": static(f"web/icons/{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in ("192", "512")
    ]
    maskable = {"src": static("web/icons/maskable.png"), "sizes": "512x512", "type": "image/png"}
    content = {
        "id": inbox,
        "name": name,
        "short_name": name,
        "description": gettext("Talk to the businesses you like"),
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": inbox,
        "scope": inbox,
        "display": "standalone",
        "background_color": "#f5f6f8",
        "theme_color": "#2f5bea",
        "icons": [*any_icons, {**maskable, "purpose": "maskable"}],
    }
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Cache-Control"] = f"private, max-age={DAY}"
    return response


@require_safe
def icon(request: HttpRequest, name: str) -> HttpResponse:
    """Serve an icon at an address that stays, for the service worker, which knows no hashed names."""
    response = redirect(static(f"web/icons/{name}.png"))
    response["Cache-Control"] = f"public, max-age={DAY}"
    return response
