"""The customer panel as a page, for members whose browser runs no scripts. `customer_sections.js` shows the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from chatsite.realtime.user_limit import charge
from chatsite.web.avatars import initials_of, tint_of
from chatsite.web.decorators import page
from chatsite.web.inbox import load_me
from chatsite.web.rating import SCORES
from conversations.team.customer.host_panels import host_panels
from conversations.team.customer.panel import customer_panel
from conversations.team.customer.serializers import PanelOfferObject, PastEpisodeObject
from notifications.money import amount_with_currency

COST: Final = 2.0  # of the user's limit, as the two requests over REST
FACES: Final = {score: face for score, face, _label in SCORES}
OFFERS: Final[Mapping[str, str | Promise]] = {
    "pending": pgettext_lazy("status", "Open"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired"),
}


@require_safe
@page
@login_required
def customer(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """`/app/c/<id>/customer`."""
    charge(str(request.user.pk), COST)
    context = customer_context(request.user, conversation_id)
    return render(request, "web/customer.html", {**context, "me": load_me(request.user)})


def customer_context(user: Any, conversation_id: str) -> dict[str, Any]:
    """Return what the page shows. Raise `not_found` if the user is no member of the business."""
    known = customer_panel(user_id=user.pk, conversation_id=conversation_id)
    return {
        "heading": gettext("Customer"),
        "back": reverse("web:conversation", args=[conversation_id]),
        "known": known,
        "initials": initials_of(known.customer.name),
        "tint": tint_of(known.customer.id),
        "page": known.page if known.page and known.page.url.startswith(("https://", "http://")) else None,
        "offers": [_offer(offer) for offer in known.offers],
        "episodes": [_episode(episode) for episode in known.episodes],
        "more": known.episode_count - len(known.episodes),
        "panels": host_panels(user_id=user.pk, conversation_id=conversation_id).panels,
    }


def _offer(offer: PanelOfferObject) -> dict[str, Any]:
    language = get_language() or settings.LANGUAGE_CODE
    price = amount_with_currency(offer.amount, offer.currency, language)
    return {"title": offer.title, "price": price, "status": offer.status, "text": OFFERS[offer.status]}


def _episode(episode: PastEpisodeObject) -> dict[str, Any]:
    return {
        "agent": episode.agent_name or gettext("nobody"),
        "resolved_at": episode.resolved_at,
        "score": episode.score,
        "face": FACES.get(episode.score or 0, ""),
        "comment": episode.comment,
    }
