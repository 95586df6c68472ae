"""The content security policy of the site's pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from csp.constants import NONE, SELF


def content_security_policy(file_origins: Iterable[str]) -> dict[str, Any]:
    """Allow scripts, styles and images of this site only, nothing inline, and no page of another site as a frame.

    `chatsite.http.security_headers` adds the hashes that pages of other packages need. A view that needs another
    directive uses `csp.decorators`.
    """
    files = [SELF, *file_origins]
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF],
            "style-src": [SELF],
            "img-src": files,
            "media-src": files,
            "font-src": [SELF],
            "connect-src": files,
            "manifest-src": [SELF],
            "worker-src": [SELF],
            "object-src": [NONE],
            "base-uri": [NONE],
            "form-action": [SELF],
            "frame-ancestors": [NONE],
        }
    }
