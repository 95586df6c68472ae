"""The pages of webhooks, bots and API keys, for the owners of a business. They need no scripts.

A secret is in the answer to its own form and nowhere else: it is neither stored for a later page nor in an address.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from chatsite.errors import DomainError
from chatsite.realtime.user_limit import charge
from chatsite.web import bot_settings, webhook_settings
from chatsite.web.inbox import load_me
from chatsite.web.integration_errors import Refusal, refusal_of
from chatsite.web.policy import page
from conversations.bots import operations as bot_operations
from notifications.webhooks import operations as webhook_operations

COST: Final = 10.0  # of the user's limit, as over REST
FULL: Final = _("The business has reached its limit. Remove one first.")
KEYS_FULL: Final = _("The bot has reached its limit of keys. Revoke one first.")
IS_DISABLED: Final = _("The webhook is disabled. Enable it first.")


@require_http_methods(["GET", "HEAD", "POST"])
@page
@login_required
def webhooks(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/webhooks`."""
    user_id, refusal = request.user.pk, Refusal()
    if request.method == "POST":
        try:
            charge(str(user_id), COST)
            endpoint, secret = webhook_settings.create_endpoint(user_id, business_id, request.POST)
        except DomainError as error:
            refusal = refusal_of(error, FULL)
        else:
            context = webhook_settings.endpoint_context(user_id, business_id, str(endpoint.pk))
            return _show(request, "web/team_webhook.html", {**context, "secret": secret})
    context = webhook_settings.endpoints_context(user_id, business_id, _typed(request, refusal))
    return _show(request, "web/team_webhooks.html", context, refusal)


@require_http_methods(["GET", "HEAD", "POST"])
@page
@login_required
def webhook(request: HttpRequest, business_id: str, webhook_id: str) -> HttpResponse:
    """`/app/team/<business>/webhooks/<id>?state=`."""
    user_id, refusal, secret = request.user.pk, Refusal(), ""
    if request.method == "POST":
        endpoint = webhook_settings.find_endpoint(user_id, business_id, webhook_id)
        verb = request.POST.get("form")
        try:
            charge(str(user_id), COST)
            if verb == "remove":
                webhook_operations.delete_endpoint(user_id=user_id, webhook_id=webhook_id)
                messages.success(request, gettext("The webhook was removed."))
                return redirect("web:team-webhooks", business_id=business_id)
            if verb != "rotate":
                messages.success(request, webhook_settings.apply_form(user_id, endpoint, request.POST))
                return redirect("web:team-webhook", business_id=business_id, webhook_id=webhook_id)
            _row, secret = webhook_operations.rotate_secret(user_id=user_id, webhook_id=webhook_id)
        except DomainError as error:
            refusal = refusal_of(error, IS_DISABLED)
    typed = _typed(request, refusal) if request.POST.get("form") == "change" else None
    state = request.GET.get("state", "")
    context = webhook_settings.endpoint_context(user_id, business_id, webhook_id, state=state, typed=typed)
    return _show(request, "web/team_webhook.html", {**context, "secret": secret}, refusal)


@require_http_methods(["GET", "HEAD", "POST"])
@page
@login_required
def bots(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/bots`."""
    user_id, refusal = request.user.pk, Refusal()
    if request.method == "POST":
        name = request.POST.get("name", "")
        try:
            charge(str(user_id), COST)
            made = bot_operations.create_bot(user_id=user_id, business_id=business_id, name=name)
        except DomainError as error:
            refusal = refusal_of(error, FULL)
        else:
            messages.success(request, gettext("The bot was added. Create a key for it next."))
            return redirect("web:team-bot", business_id=business_id, bot_id=made.user_id)
    context = bot_settings.bots_context(user_id, business_id, _typed(request, refusal))
    return _show(request, "web/team_bots.html", context, refusal)


@require_http_methods(["GET", "HEAD", "POST"])
@page
@login_required
def bot(request: HttpRequest, business_id: str, bot_id: str) -> HttpResponse:
    """`/app/team/<business>/bots/<id>`."""
    user_id, refusal, secret = request.user.pk, Refusal(), ""
    if request.method == "POST":
        found = bot_settings.find_bot(user_id, business_id, bot_id)
        key_id = request.POST.get("key", "")
        try:
            charge(str(user_id), COST)
            if request.POST.get("form") == "remove":
                bot_operations.remove_bot(user_id=user_id, bot_id=bot_id)
                messages.success(request, gettext("The bot was removed."))
                return redirect("web:team-bots", business_id=business_id)
            if request.POST.get("form") == "revoke":
                bot_operations.revoke_key(user_id=user_id, bot_id=bot_id, key_id=key_id)
                messages.success(request, gettext("The key is revoked."))
                return redirect("web:team-bot", business_id=business_id, bot_id=bot_id)
            _row, secret = bot_settings.create_key(user_id, found, request.POST)
        except DomainError as error:
            refusal = refusal_of(error, KEYS_FULL)
    context = bot_settings.bot_context(user_id, business_id, bot_id, _typed(request, refusal))
    return _show(request, "web/team_bot.html", {**context, "secret": secret}, refusal)


def _typed(request: HttpRequest, refusal: Refusal) -> Any:
    """A wrong entry stays in its form."""
    return request.POST if refusal.status != 200 else None


def _show(
    request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    refusal = refusal or Refusal()
    if refusal.text:
        messages.error(request, refusal.text)
    shown = {**context, "errors": refusal.fields, "me": load_me(request.user)}
    return render(request, template, shown, status=refusal.status)
