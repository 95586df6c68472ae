"""The address in an invitation's mail that declines it, for people and for mail programs (RFC 8058)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from chatsite.errors import DomainError
from notifications.mail_invitations import decline_by_link, find_by_token
from notifications.serializers import status_of


@method_decorator(csrf_exempt, name="dispatch")
class DeclineByMailView(View):
    """A GET changes nothing, because mail scanners open every link.

    The token in the address is the only credential, so a forged POST cannot name an invitation.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            invitation = find_by_token(token)
        except DomainError:
            return _page(request, "closed", 404)
        if status_of(invitation) != "pending":
            return _page(request, "closed", 404)
        return _page(request, "open", business=invitation.business.name)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            invitation = decline_by_link(token=token)
        except DomainError:
            return _page(request, "closed", 404)
        return _page(request, "declined", business=invitation.business.name)


def _page(request: HttpRequest, state: str, status: int = 200, business: str = "") -> HttpResponse:
    context = {"state": state, "business": business}
    response = render(request, "mail/decline_invitation.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
