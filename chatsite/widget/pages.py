"""What a browser loads of the widget: the script on the host's page, its configuration, the frame, a stand-in host.

None of them looks at a cookie or sets one: in a frame on another site there are none.
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
from django.templatetags.static import static
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import condition, require_safe

from chatsite.errors import DomainError
from chatsite.widget import access
from chatsite.widget.appearance import shades
from chatsite.widget.demo import sign_visitor
from chatsite.widget.models import WidgetSite
from chatsite.widget.origins import host_origins
from chatsite.widget.texts import frame_texts, loader_texts
from conversations.demo import BUSINESS

LOADER: Final = Path(__file__).parent / "loader" / "v1.js"
LOADER_SECONDS: Final = 3600  # how long a browser keeps the loader without asking
CONFIGURATION_SECONDS: Final = 300
ANYWHERE: Final = {"Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"}


# --- On the host's page -----------------------------------------------------------------------------------------------


@functools.cache
def _loader_read_at(changed: float) -> bytes:
    return LOADER.read_bytes()


def _loader_tag(request: HttpRequest) -> str:
    return f'"{LOADER.stat().st_mtime_ns:x}"'


@require_safe
@condition(etag_func=_loader_tag)
def loader(request: HttpRequest) -> HttpResponse:
    """The script that a host's page names, the same for everybody."""
    return HttpResponse(
        _loader_read_at(LOADER.stat().st_mtime),
        content_type="text/javascript; charset=utf-8",
        headers={**ANYWHERE, "Cache-Control": f"public, max-age={LOADER_SECONDS}"},
    )


@require_safe
def configuration(request: HttpRequest, slug: str) -> HttpResponse:
    """What the loader has to know of one widget; a module, so that the host's policy needs no `connect-src` for us."""
    site = _shown(slug)
    with _language(request):
        content = {
            "business": site.business.slug,
            "entry": static("widget/host/widget.js"),
            "shades": shades(site.accent),
            "origins": host_origins(site.origins, request),
            "texts": loader_texts(_title(site)),
        }
    response = HttpResponse(
        b"export default " + msgspec.json.encode(content) + b";\n",
        content_type="text/javascript; charset=utf-8",
        headers={
            **ANYWHERE,
            "Access-Control-Allow-Origin": "*",  # a module of another origin wants it; nothing here is anybody's own
            "Cache-Control": f"public, max-age={CONFIGURATION_SECONDS}",
        },
    )
    patch_vary_headers(response, ["Accept-Language"])
    return response


# --- The frame --------------------------------------------------------------------------------------------------------


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, slug: str) -> HttpResponse:
    """The chat itself, for the pages of the business's origins and for no others."""
    site = _shown(slug)
    origins = host_origins(site.origins, request)
    with _language(request):
        content = {
            "business": site.business.slug,
            "guestsAllowed": site.guests_allowed,
            "shades": shades(site.accent),
            "origins": origins,
            "texts": frame_texts(),
        }
        context: dict[str, Any] = {
            "site": site,
            "title": _title(site),
            "content": msgspec.to_builtins(content),
        }
        response = render(request, "widget/frame.html", context)
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    patch_vary_headers(response, ["Accept-Language"])
    frame_policy = {
        "frame-ancestors": origins or [NONE],
        "form-action": [NONE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
    }
    return _replace_directives(request, response, frame_policy)


# --- A stand-in for a host --------------------------------------------------------------------------------------------


@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """While developing: a page of the demonstration business's own site, with a strict policy and the widget on it.

    `?visitor=NAME` is somebody who is signed in there; without it a guest. Where it can be, the widget comes from this
    machine's other name, so that the two are different sites to the browser.
    """
    if not settings.DEBUG:
        raise Http404
    site = _shown(BUSINESS[1])
    visitor = request.GET.get("visitor", "").strip()[:60]
    chat = _other_name(request)
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


def _other_name(request: HttpRequest) -> str:
    here = urlsplit(request.build_absolute_uri("/"))
    names = {"localhost": "127.0.0.1", "127.0.0.1": "localhost"}
    host = names.get(here.hostname or "", here.hostname or "")
    return f"{here.scheme}://{host}" + (f":{here.port}" if here.port else "")


# --- What they share --------------------------------------------------------------------------------------------------


def _shown(slug: str) -> WidgetSite:
    try:
        return access.find_shown(slug)
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


def _language(request: HttpRequest) -> Any:
    """`?lang=` where the site speaks it, or what the browser asks for."""
    wanted = request.GET.get("lang", "")
    known = wanted if wanted in dict(settings.LANGUAGES) else translation.get_language_from_request(request)
    return translation.override(known)
