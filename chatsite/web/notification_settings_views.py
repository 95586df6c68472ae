"""The page of a person's notification settings, and its forms. Only the button for this browser needs scripts."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import ensure_csrf_cookie

from chatsite.errors import DomainError
from chatsite.realtime.user_limit import charge
from chatsite.web.decorators import form_action, form_page, page
from chatsite.web.error_pages import text_of
from chatsite.web.inbox import load_me
from chatsite.web.notification_settings import read_form, settings_context
from chatsite.web.push_session import push_session
from conversations.own_state.operations import arrange_conversation
from notifications.delivery.operations import change_settings
from notifications.delivery.push.subscriptions import unsubscribe


@form_page
@ensure_csrf_cookie
def notification_settings(request: HttpRequest) -> HttpResponse:
    """`/app/notification-settings`."""
    status = 200
    if request.method == "POST":
        try:
            charge(str(request.user.pk))
            change_settings(user_id=request.user.pk, changes=read_form(request.POST))
        except DomainError as error:
            messages.error(request, text_of(error))
            status = error.http_status
        else:
            messages.success(request, gettext("Saved."))
            return redirect("web:notification-settings")
    me = load_me(request.user)
    session = {
        "me": {"id": me["id"], "name": me["name"]},
        "push": push_session(request),
        "urls": {"chat": f"{reverse('web:landing')}chat"},
    }
    context = settings_context(request.user)
    return render(
        request, "web/notification_settings.html", {**context, "me": me, "session": session}, status=status
    )


@form_action("web:notification-settings")
@page
@login_required
def remove_device(request: HttpRequest, subscription_id: str) -> HttpResponse:
    """End the pushes of one of the reader's browsers. Repeating it changes nothing."""
    charge(str(request.user.pk))
    try:
        unsubscribe(user_id=request.user.pk, subscription_id=subscription_id)
    except DomainError as error:
        if error.code != "not_found":
            raise
    return redirect("web:notification-settings")


@form_action("web:notification-settings")
@page
@login_required
def unmute(request: HttpRequest, conversation_id: str) -> HttpResponse:
    charge(str(request.user.pk))
    arrange_conversation(user_id=request.user.pk, conversation_id=conversation_id, muted_until=None)
    return redirect("web:notification-settings")
