"""The page behind the link of a mail that invites somebody to a team. It shows what to do: sign in, or answer."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from chatsite.errors import DomainError, invalid
from chatsite.identity.names import display_name
from chatsite.web.decorators import page
from chatsite.web.error_pages import text_of
from chatsite.web.team_members import ROLES
from notifications import mail_invitations
from notifications.models import Invitation
from notifications.serializers import status_of

REFUSED: Final = {
    "forbidden": _("This invitation is for another e-mail address than that of your account."),
    "conflict": _("You cannot accept this invitation: you are a customer or already a member of this team."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@page
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """A GET changes nothing, because mail scanners open every link."""
    try:
        found = mail_invitations.find_by_token(token)
    except DomainError:
        return _closed(request)
    if request.method == "POST" and (request.user.is_authenticated or status_of(found) == "pending"):
        return _answer(request, token, found)
    return _shown(request, token, found)


def _answer(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    answer = request.POST.get("answer")
    if answer not in ("accept", "decline"):
        raise invalid("answer must be accept or decline.", field="answer")
    if answer == "accept" and not request.user.is_authenticated:
        return redirect(f"{reverse('web:sign-in')}?next={request.path}")
    try:
        if answer == "decline":
            mail_invitations.decline_by_link(token=token)
        else:
            mail_invitations.accept_by_link(user=request.user, token=token)
    except DomainError as error:
        if "status" in (error.details or {}):
            return _closed(request)
        return _shown(
            request, token, found, str(REFUSED.get(error.code) or text_of(error)), error.http_status
        )
    if answer == "decline":
        return _note(request, gettext("You have declined the invitation"))
    text = gettext("You are now a member of the team of %(name)s.") % {"name": found.business.name}
    messages.success(request, text)
    return redirect("web:inbox")


def _shown(
    request: HttpRequest, token: str, found: Invitation, error: str = "", status: int = 200
) -> HttpResponse:
    if status_of(found) != "pending":
        is_own = request.user.is_authenticated and found.invitee_id == request.user.pk
        return redirect("web:inbox") if is_own else _closed(request)
    context: dict[str, Any] = {
        "business": found.business.name,
        "inviter": display_name(found.inviter),
        "role": found.role,
        "role_text": ROLES[found.role],
        "email": found.email,
        "until": found.expires_at,
        "here": reverse("web:invitation", args=[token]),
        "sign_up": settings.CHAT_SIGN_UP,
        "error": error,
    }
    if request.user.is_authenticated:
        context["account"] = display_name(request.user)
        context["is_another"] = mail_invitations.has_another_address(request.user, found)
    return render(request, "web/invitation.html", context, status=status)


def _closed(request: HttpRequest) -> HttpResponse:
    text = gettext("It has been answered or withdrawn, or its time is over.")
    return _note(request, gettext("This invitation is no longer open"), text, 404)


def _note(request: HttpRequest, title: str, text: str = "", status: int = 200) -> HttpResponse:
    return render(request, "web/refusal.html", {"title": title, "text": text}, status=status)
