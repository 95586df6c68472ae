"""How often one address may ask for a session."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.views import APIView

from chatsite.identity.throttles import AddressThrottle


class SessionThrottle(AddressThrottle):
    scope = "widget_session"


class NewGuestThrottle(AddressThrottle):
    """Counts only those who bring no key: a guest who comes back makes nobody new."""

    scope = "widget_guest"

    def allow_request(self, request: Request, view: APIView) -> bool:
        comes_back = isinstance(request.data, dict) and bool(request.data.get("guest"))
        return comes_back or super().allow_request(request, view)
