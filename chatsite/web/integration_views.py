"""The pages of webhooks, bots and API keys, for the owners of a business. They need no scripts.

A secret is in the answer to its own form and nowhere else: it is neither stored for a later page nor in an address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatsite.web import bot_settings, webhook_settings
from chatsite.web.decorators import form_page
from chatsite.web.inbox import load_me
from chatsite.web.integration_errors import Done, Refusal, attempt, refusal_of
from conversations.bots import operations as bot_operations
from notifications.webhooks import operations as webhook_operations

COST: Final = 10.0  # of the user's limit, as over REST
FULL: Final = _("The business has reached its limit. Remove one first.")
KEYS_FULL: Final = _("The bot has reached its limit of keys. Revoke one first.")
IS_DISABLED: Final = _("The webhook is disabled. Enable it first.")


@form_page
def webhooks(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/webhooks`."""
    user_id = request.user.pk
    made, refusal = _submit(
        request, lambda: webhook_settings.create_endpoint(user_id, business_id, request.POST), FULL
    )
    if made:
        endpoint, secret = made
        context = webhook_settings.endpoint_context(user_id, business_id, str(endpoint.pk))
        return _show(request, "web/team_webhook.html", {**context, "secret": secret})
    context = webhook_settings.endpoints_context(user_id, business_id, _typed(request, refusal))
    return _show(request, "web/team_webhooks.html", context, refusal)


@form_page
def webhook(request: HttpRequest, business_id: str, webhook_id: str) -> HttpResponse:
    """`/app/team/<business>/webhooks/<id>?state=`."""
    user_id = request.user.pk
    done, refusal = _submit(request, lambda: _change_webhook(request, business_id, webhook_id), IS_DISABLED)
    if isinstance(done, HttpResponse):
        return done
    typed = _typed(request, refusal) if request.POST.get("form") in {"change", "replay-span"} else None
    state = request.GET.get("state", "")
    context = webhook_settings.endpoint_context(user_id, business_id, webhook_id, state=state, typed=typed)
    return _show(request, "web/team_webhook.html", {**context, "secret": done or ""}, refusal)


def _change_webhook(request: HttpRequest, business_id: str, webhook_id: str) -> HttpResponse | str:
    """Do what the form asks for. Return where it leads, or a new secret."""
    user_id, verb = request.user.pk, request.POST.get("form")
    endpoint = webhook_settings.find_endpoint(user_id, business_id, webhook_id)
    if verb == "rotate":
        return webhook_operations.rotate_secret(user_id=user_id, webhook_id=webhook_id)[1]
    if verb == "remove":
        webhook_operations.delete_endpoint(user_id=user_id, webhook_id=webhook_id)
        messages.success(request, gettext("The webhook was removed."))
        return redirect("web:team-webhooks", business_id=business_id)
    messages.success(request, webhook_settings.apply_form(user_id, endpoint, request.POST))
    return redirect("web:team-webhook", business_id=business_id, webhook_id=webhook_id)


@form_page
def bots(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/bots`."""
    user_id, name = request.user.pk, request.POST.get("name", "")
    made, refusal = _submit(
        request,
        lambda: bot_operations.create_bot(user_id=user_id, business_id=business_id, name=name),
        FULL,
    )
    if made:
        messages.success(request, gettext("The bot was added. Create a key for it next."))
        return redirect("web:team-bot", business_id=business_id, bot_id=made.user_id)
    context = bot_settings.bots_context(user_id, business_id, _typed(request, refusal))
    return _show(request, "web/team_bots.html", context, refusal)


@form_page
def bot(request: HttpRequest, business_id: str, bot_id: str) -> HttpResponse:
    """`/app/team/<business>/bots/<id>`."""
    user_id = request.user.pk
    done, refusal = _submit(request, lambda: _change_bot(request, business_id, bot_id), KEYS_FULL)
    if isinstance(done, HttpResponse):
        return done
    context = bot_settings.bot_context(user_id, business_id, bot_id, _typed(request, refusal))
    return _show(request, "web/team_bot.html", {**context, "secret": done or ""}, refusal)


def _change_bot(request: HttpRequest, business_id: str, bot_id: str) -> HttpResponse | str:
    """Do what the form asks for. Return where it leads, or a new key."""
    user_id, verb = request.user.pk, request.POST.get("form")
    bot = bot_settings.find_bot(user_id, business_id, bot_id)
    if verb == "remove":
        bot_operations.remove_bot(user_id=user_id, bot_id=bot_id)
        messages.success(request, gettext("The bot was removed."))
        return redirect("web:team-bots", business_id=business_id)
    if verb == "answers":
        messages.success(request, bot_settings.apply_answers(user_id, bot_id, request.POST))
        return redirect("web:team-bot", business_id=business_id, bot_id=bot_id)
    if verb == "revoke":
        key_id = request.POST.get("key", "")
        bot_operations.revoke_key(user_id=user_id, bot_id=bot_id, key_id=key_id)
        messages.success(request, gettext("The key is revoked."))
        return redirect("web:team-bot", business_id=business_id, bot_id=bot_id)
    return bot_settings.create_key(user_id, bot, request.POST)[1]


def _submit(
    request: HttpRequest, act: Callable[[], Done], conflict: str | Promise
) -> tuple[Done | None, Refusal]:
    """Do what a form asks for, if the request is one. Return the result, or None and why it was refused."""
    if request.method != "POST":
        return None, Refusal()
    return attempt(request.user.pk, act, lambda error: refusal_of(error, conflict), cost=COST)


def _typed(request: HttpRequest, refusal: Refusal) -> Any:
    """Return what was typed, so that a refused entry stays in its form."""
    return request.POST if refusal.status != 200 else None


def _show(
    request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    refusal = refusal or Refusal()
    if refusal.text:
        messages.error(request, refusal.text)
    shown = {**context, "errors": refusal.fields, "me": load_me(request.user)}
    return render(request, template, shown, status=refusal.status)
