"""What the browser is told it may do with our pages.

The policy in the settings is strict and holds for every answer. Pages that we did not write (the browsable API, its
sign-in, Swagger) need a little more, and get exactly that: the hash of each inline style that they carry, never
`unsafe-inline`. A view that needs another rule, such as `frame-ancestors`, uses the decorators of `csp.decorators` (and
`xframe_options_exempt`), which win over everything here.
"""

from __future__ import annotations

from typing import Any, Final

from csp.constants import UNSAFE_HASHES
from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.renderers import BrowsableAPIRenderer

# No page of ours uses any of these; a frame or a script that sneaked in shall not either.
PERMISSIONS: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)

# By route, what a page that we did not write needs beyond the strict policy. `tests/attack/test_page_policy.py` reads
# the pages and names a hash that is missing, as an upgrade of one of these packages may bring one.
_IMAGES: Final = {"img-src": ["data:"]}
BROWSABLE_API: Final = {
    **_IMAGES,
    # the two floating buttons
    "style-src-attr": [UNSAFE_HASHES, "'sha256-OfgyIBrd+/vP79JdFMYP+re4T+fIenvkrHPD2HZ8/cs='"],
    # the link that logs out, by submitting its form
    "script-src-attr": [UNSAFE_HASHES, "'sha256-tHTC1YgZ5UbAs8E2Ib4NjuSS8R05d1nfPHtbmXq05WA='"],
}
SIGN_IN: Final = {
    "style-src-attr": [
        UNSAFE_HASHES,
        "'sha256-itEifOreB+Yd8tgh+Vhzr7gLeH0TEranZDFO9abrZr4='",  # the container's margin
        "'sha256-YMzi7VhBA8f5AR742LYQNWWFvDZs+3/EiMre91Jxakw='",  # the well's width
        "'sha256-hcsO6XMI9hdQ8bE5rEK4+sQhd+KWkFCUtq8pFdGbujQ='",  # the heading's margin
        "'sha256-cjybTjEnaxXJC0ghlFurKZrP1uK3e2Yd+0gqo2fMd/0='",  # an error's border
    ],
}
SWAGGER: Final = {
    **_IMAGES,
    "style-src": ["'sha256-MMpT0iDxyjALd9PdfepImGX3DBfJPXZ4IlDWdPAgtn0='"],
}
_BY_ROUTE: Final[dict[str, dict[str, list[str]]]] = {"sign-in": SIGN_IN, "docs": SWAGGER}


# An answer that no view has called cacheable belongs to one person and stays out of every cache.
PRIVATE: Final = "private, no-store"


class SecurityHeaders(CSPMiddleware):
    """`Content-Security-Policy`, `Permissions-Policy` and `Cache-Control` of every answer."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cache-Control", PRIVATE)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if parts.config is None and not report_only:
            replaced, updated = parts.replace or {}, parts.update or {}
            needs = {name: value for name, value in _needs(request, response).items() if name not in replaced}
            parts.update = {**needs, **updated}
        return parts


def _needs(request: HttpRequest, response: HttpResponseBase) -> dict[str, Any]:
    match = request.resolver_match
    needs: dict[str, list[str]] = {}
    if isinstance(getattr(response, "accepted_renderer", None), BrowsableAPIRenderer):
        needs = BROWSABLE_API
    elif match is not None:
        needs = _BY_ROUTE.get(match.app_name or match.url_name or "", {})
    return {**needs, "connect-src": [own_socket(request)]}


def own_socket(request: HttpRequest) -> str:
    """`wss://HOST` of this very site. Browsers of before 2022 do not take `'self'` to mean sockets too."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return "'none'"
    return f"{'wss' if request.is_secure() else 'ws'}://{host}"
