"""The notifications page and its forms. With scripts, the bell shows the same list."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from chatsite.errors import DomainError, invalid, not_found
from chatsite.realtime.user_limit import charge
from chatsite.web.decorators import form_action, page
from chatsite.web.error_pages import text_of
from chatsite.web.inbox import load_me
from chatsite.web.notification_filters import type_choices
from conversations.access import object_key
from notifications import access, invitations, offers, operations, queries, types
from notifications.models import Notification, Offer
from notifications.serializers import status_of

SHOWN: Final = 100
_ANSWERABLE: Final = re.compile(r"/(team/invitations|offers)/([0-9a-f-]{36})")
_ANSWERS: Final[dict[tuple[str, str], Callable[..., object]]] = {
    ("team/invitations", "accept"): lambda user_id, key: invitations.accept(
        user_id=user_id, invitation_id=key
    ),
    ("team/invitations", "decline"): lambda user_id, key: invitations.decline(
        user_id=user_id, invitation_id=key
    ),
    ("offers", "accept"): lambda user_id, key: offers.accept_offer(user_id=user_id, offer_id=key),
    ("offers", "decline"): lambda user_id, key: offers.decline_offer(user_id=user_id, offer_id=key),
}


@dataclass
class Alert:
    """A notification on the page. `answerable` is True if the reader can accept or decline it."""

    row: Notification
    answerable: bool
    link: str
    offer: Offer | None = None


@require_safe
@page
@login_required
@ensure_csrf_cookie
def notifications(request: HttpRequest) -> HttpResponse:
    """`/app/notifications?type=&unread=1`."""
    kind = request.GET.get("type") if request.GET.get("type") in types.names() else None
    unread = request.GET.get("unread") == "1"
    rows = queries.notifications(request.user.pk, kind=kind, unread=True if unread else None)[:SHOWN]
    me = load_me(request.user)
    context = {
        "alerts": [_alert(request.user.pk, row) for row in rows],
        "kinds": type_choices(is_member=bool(me["businesses"])),
        "kind": kind or "",
        "unread": unread,
        "any_unread": any(row.read_at is None for row in rows),
        "me": me,
    }
    return render(request, "web/notifications.html", context)


def _alert(user_id: Any, row: Notification) -> Alert:
    answers = _ANSWERABLE.fullmatch(row.action_url)
    answerable = answers is not None and _is_open(user_id, answers[1], answers[2])
    offer = None
    if answers is not None and answerable and answers[1] == "offers":
        offer, _ = access.find_offer(user_id, answers[2])
    return Alert(row=row, answerable=answerable, link="" if answers else row.action_url, offer=offer)


def _is_open(user_id: Any, kind: str, key: str) -> bool:
    try:
        if kind == "offers":
            offer, side = access.find_offer(user_id, key)
            return side == "customer" and status_of(offer) == "pending"
        invitation = access.find_invitation(user_id, key)
    except DomainError:  # removed, or no longer visible to the reader
        return False
    return bool(invitation.invitee_id == user_id and status_of(invitation) == "pending")


@form_action("web:notifications")
@page
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all notifications, or all of `type`, as read."""
    charge(str(request.user.pk))
    operations.mark_all_read(user_id=request.user.pk, kind=request.POST.get("type") or None)
    return redirect("web:notifications")


@form_action("web:notifications")
@page
@login_required
def act(request: HttpRequest, notification_id: str, verb: str) -> HttpResponse:
    """Read, delete, accept or decline the notification. To accept an offer takes a second step."""
    user_id = request.user.pk
    try:
        charge(str(user_id))
        if verb == "accept" and "confirmed" not in request.POST:
            alert = _alert(user_id, _find(user_id, notification_id))
            if alert.offer is not None:
                context = {"offer": alert.offer, "notification_id": notification_id}
                return render(request, "web/confirm_offer.html", context)
        if verb == "read":
            operations.mark_read(user_id=user_id, notification_id=notification_id)
        elif verb == "delete":
            operations.delete_notification(user_id=user_id, notification_id=notification_id)
        else:
            _answer(user_id, notification_id, verb)
    except DomainError as error:
        messages.error(request, text_of(error))
    return redirect("web:notifications")


def _find(user_id: Any, notification_id: str) -> Notification:
    row = queries.notifications(user_id).filter(pk=object_key(notification_id, "notification")).first()
    if row is None:
        raise not_found("notification")
    return row


def _answer(user_id: Any, notification_id: str, verb: str) -> None:
    row = _find(user_id, notification_id)
    asked = _ANSWERABLE.fullmatch(row.action_url)
    if asked is None:
        raise invalid("This notification cannot be answered.")
    _ANSWERS[asked[1], verb](user_id, asked[2])
