"""The security headers of every answer.

`CONTENT_SECURITY_POLICY` in the settings is the strict policy of every answer. Pages of other packages (the browsable
API, its login page, Swagger) also need the hashes of their inline styles. `BY_ROUTE` adds those; `unsafe-inline` is
never allowed. A view changes a directive for itself with `csp.decorators`, for example `frame-ancestors` (together with
`xframe_options_exempt`). The decorators take precedence over this module.
"""

from __future__ import annotations

from typing import Any, Final

from csp.constants import UNSAFE_HASHES
from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.renderers import BrowsableAPIRenderer

FEATURES: Final = (
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


def permissions(*allowed: str) -> str:
    """Return a `Permissions-Policy` that lets a page use these features, and nobody the others."""
    return ", ".join(f"{feature}={'(self)' if feature in allowed else '()'}" for feature in FEATURES)


# Most pages use none of these features, so an injected frame or script must not use them either.
PERMISSIONS: Final = permissions()

# Additions to the policy for pages of other packages. An upgrade of such a package may need a new hash;
# `tests/attack/test_page_policy.py` then fails and prints it.
_IMAGES: Final = {"img-src": ["data:"]}
BROWSABLE_API: Final = {
    **_IMAGES,
    # the style of the two floating buttons
    "style-src-attr": [UNSAFE_HASHES, "'sha256-OfgyIBrd+/vP79JdFMYP+re4T+fIenvkrHPD2HZ8/cs='"],
    # the logout link, which submits a form
    "script-src-attr": [UNSAFE_HASHES, "'sha256-tHTC1YgZ5UbAs8E2Ib4NjuSS8R05d1nfPHtbmXq05WA='"],
}
SIGN_IN: Final = {
    "style-src-attr": [
        UNSAFE_HASHES,
        "'sha256-itEifOreB+Yd8tgh+Vhzr7gLeH0TEranZDFO9abrZr4='",  # the container's margin
        "'sha256-YMzi7VhBA8f5AR742LYQNWWFvDZs+3/EiMre91Jxakw='",  # the well's width
        "'sha256-cjybTjEnaxXJC0ghlFurKZrP1uK3e2Yd+0gqo2fMd/0='",  # an error's border
    ],
}
SWAGGER: Final = _IMAGES
BY_ROUTE: Final[dict[str, dict[str, list[str]]]] = {"sign-in": SIGN_IN, "docs": SWAGGER}


# No cache may store an answer unless its view says so.
PRIVATE: Final = "private, no-store"


class SecurityHeaders(CSPMiddleware):
    """Set `Content-Security-Policy`, `Permissions-Policy` and `Cache-Control`."""

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
            additions = _additions(request, response)
            kept = {name: value for name, value in additions.items() if name not in replaced}
            parts.update = {**kept, **updated}
        return parts


def _additions(request: HttpRequest, response: HttpResponseBase) -> dict[str, Any]:
    match = request.resolver_match
    additions: dict[str, list[str]] = {}
    if isinstance(getattr(response, "accepted_renderer", None), BrowsableAPIRenderer):
        additions = BROWSABLE_API
    elif match is not None:
        additions = BY_ROUTE.get(match.app_name or match.url_name or "", {})
    return {**additions, "connect-src": [websocket_origin(request)]}


def websocket_origin(request: HttpRequest) -> str:
    """Return `wss://HOST` of this site. In browsers from before 2022, `'self'` does not include WebSockets."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return "'none'"
    return f"{'wss' if request.is_secure() else 'ws'}://{host}"
