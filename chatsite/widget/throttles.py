"""Limit how often one address may request a session."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.views import APIView

from chatsite.identity.throttles import AddressThrottle


class SessionThrottle(AddressThrottle):
    scope = "widget_session"


class NewGuestThrottle(AddressThrottle):
    """Counts only requests without a key: a returning guest creates no account."""

    scope = "widget_guest"

    def allow_request(self, request: Request, view: APIView) -> bool:
        is_returning = isinstance(request.data, dict) and bool(request.data.get("guest"))
        return is_returning or super().allow_request(request, view)
