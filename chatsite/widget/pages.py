"""The pages and scripts of the widget: the loader on the host's page, its configuration, the frame, a demo host page.

None of them reads or sets cookies, because browsers block cookies in a frame on another site.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import condition, require_safe

from chatsite.config.attachments import file_origins
from chatsite.errors import DomainError
from chatsite.http.security_headers import permissions
from chatsite.identity.registration import takes_email
from chatsite.web.templatetags.web_files import bundle
from chatsite.widget import access
from chatsite.widget.appearance import shades
from chatsite.widget.demo import sign_visitor
from chatsite.widget.models import WidgetSite
from chatsite.widget.origins import host_origins
from chatsite.widget.texts import frame_texts, loader_texts
from conversations.demo import BUSINESS
from conversations.team.hours.availability import availability

LOADER: Final = Path(__file__).parent / "loader" / "v1.js"
LOADER_SECONDS: Final = 3600  # browsers cache the loader for this long
CONFIGURATION_SECONDS: Final = 300
CROSS_ORIGIN: Final = {"Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"}


# --- On the host's page -----------------------------------------------------------------------------------------------


@functools.cache
def _read_loader(modified: float) -> bytes:
    return LOADER.read_bytes()


def _loader_etag(request: HttpRequest) -> str:
    return f'"{LOADER.stat().st_mtime_ns:x}"'


@require_safe
@condition(etag_func=_loader_etag)
def loader(request: HttpRequest) -> HttpResponse:
    """Serve the script that a host's page includes. It is the same for every widget."""
    return HttpResponse(
        _read_loader(LOADER.stat().st_mtime),
        content_type="text/javascript; charset=utf-8",
        headers={**CROSS_ORIGIN, "Cache-Control": f"public, max-age={LOADER_SECONDS}"},
    )


@require_safe
def configuration(request: HttpRequest, slug: str) -> HttpResponse:
    """Serve the configuration of one widget as a module, so that the host's policy needs no `connect-src`."""
    site = _site_or_404(slug)
    with _use_language(request):
        content = {
            "business": site.business.slug,
            "entry": bundle("widget/host/widget.js"),
            "shades": shades(site.accent),
            "origins": host_origins(site.origins, request),
            "texts": loader_texts(_title(site)),
        }
    response = HttpResponse(
        b"export default " + msgspec.json.encode(content) + b";\n",
        content_type="text/javascript; charset=utf-8",
        headers={
            **CROSS_ORIGIN,
            "Access-Control-Allow-Origin": "*",  # modules of another origin require it; the content is public
            "Cache-Control": f"public, max-age={CONFIGURATION_SECONDS}",
        },
    )
    patch_vary_headers(response, ["Accept-Language"])
    return response


# --- The frame --------------------------------------------------------------------------------------------------------


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, slug: str) -> HttpResponse:
    """Serve the chat. Only pages of the business's origins may embed it."""
    site = _site_or_404(slug)
    origins = host_origins(site.origins, request)
    with _use_language(request):
        content = {
            "business": site.business.slug,
            "businessId": str(site.business_id),
            "guestsAllowed": site.guests_allowed,
            "asksFirst": site.asks_first,
            "availability": availability(site.business_id),
            "shades": shades(site.accent),
            "origins": origins,
            "texts": frame_texts(),
        }
        context: dict[str, Any] = {
            "site": site,
            "title": _title(site),
            "content": msgspec.to_builtins(content),
            "characters": settings.CHAT.message_length,
            "takes_email": takes_email(),
        }
        response = render(request, "widget/frame.html", context)
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["Permissions-Policy"] = permissions("microphone")  # to record voice messages
    patch_vary_headers(response, ["Accept-Language"])
    files = file_origins(settings.ATTACHMENTS_ORIGIN, settings.STORAGES.get("attachments", {}))
    frame_policy = {
        "frame-ancestors": origins or [NONE],
        "form-action": [NONE],
        "img-src": [SELF, "data:", "blob:", *files],
        "media-src": [SELF, "blob:", *files],
    }
    return _replace_directives(request, response, frame_policy)


# --- A demo host page -------------------------------------------------------------------------------------------------


@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """With `DEBUG`: a page of the demo business's own site, with a strict policy and the widget on it.

    `?visitor=NAME` signs a visitor in there; without it the visitor is a guest. On localhost the widget is loaded from
    127.0.0.1 (and the other way round), so that the browser treats the two as different sites.
    """
    if not settings.DEBUG:
        raise Http404
    site = _site_or_404(BUSINESS[1])
    visitor = request.GET.get("visitor", "").strip()[:60]
    chat = _other_origin(request)
    context = {
        "site": site,
        "chat": chat,
        "visitor": visitor,
        "theme": request.GET.get("theme", "auto"),
        "token": sign_visitor(site, subject=f"demo-{visitor}", name=visitor) if visitor else "",
    }
    response = render(request, "widget/demo.html", context)
    response["Cache-Control"] = "no-store"
    host_policy = {"script-src": [chat], "frame-src": [chat], "connect-src": [NONE]}
    return _replace_directives(request, response, host_policy)


def _other_origin(request: HttpRequest) -> str:
    here = urlsplit(request.build_absolute_uri("/"))
    names = {"localhost": "127.0.0.1", "127.0.0.1": "localhost"}
    host = names.get(here.hostname or "", here.hostname or "")
    return f"{here.scheme}://{host}" + (f":{here.port}" if here.port else "")


# --- Shared -----------------------------------------------------------------------------------------------------------


def _site_or_404(slug: str) -> WidgetSite:
    try:
        return access.find_enabled_site(slug)
    except DomainError as error:
        raise Http404 from error


def _replace_directives(
    request: HttpRequest, response: HttpResponse, directives: dict[str, list[str]]
) -> HttpResponse:
    """Replace directives for one response. `csp_replace` alone cannot use values from the database."""

    def answer(_: HttpRequest) -> HttpResponse:
        return response

    csp_replace(directives)(answer)(request)
    return response


def _title(site: WidgetSite) -> str:
    return site.title or site.business.name


def _use_language(request: HttpRequest) -> Any:
    """Activate the language of `?lang=` if the site has it, or else the browser's."""
    wanted = request.GET.get("lang", "")
    known = wanted if wanted in dict(settings.LANGUAGES) else translation.get_language_from_request(request)
    return translation.override(known)
