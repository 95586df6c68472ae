"""The page behind the links of a mail that asks for a rating."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from chatsite.errors import DomainError, not_found
from conversations.models import Episode
from conversations.team.reports import csat
from conversations.team.reports.requests import CsatBody
from notifications.delivery.mail.rating_request import SCORES, episode_of, question_of

SHOWN: Final = {str(score) for score, _, _ in SCORES}


@method_decorator(csrf_exempt, name="dispatch")
class RateByMailView(View):
    """A GET chooses the score of the link and changes nothing, because scanners of mail open every link.

    The token in the address is the only credential, so a forged POST cannot name an episode.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            episode = episode_of(token)
            open_question(episode)
        except DomainError:
            return _page(request, {"is_open": False}, 404)
        chosen = request.GET.get("score", "")
        return _form(request, episode, chosen if chosen in SHOWN else "")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            episode = episode_of(token)
        except DomainError:
            return _page(request, {"is_open": False}, 404)
        comment = request.POST.get("comment", "").replace("\r\n", "\n")
        given = {"score": request.POST.get("score", ""), "comment": comment}
        try:
            _rate(episode, msgspec.convert(given, CsatBody, strict=False))
        except msgspec.ValidationError:
            return _form(request, episode, "", status=400)
        except DomainError:
            return _page(request, {"is_open": False}, 404)
        return _page(request, {"is_open": True, "done": True, "business": _business(episode)})


def open_question(episode: Episode) -> None:
    """Raise `not_found` unless the customer can still rate the episode."""
    conversation = episode.conversation
    shown = csat.read_rating(user_id=conversation.customer_id, conversation_id=str(conversation.pk))
    if shown.asked_at is None or shown.asked_at != episode.asked_at:
        raise not_found("question")


def _rate(episode: Episode, body: CsatBody) -> None:
    where = episode.conversation
    csat.rate(user_id=where.customer_id, conversation_id=str(where.pk), body=body, episode_id=episode.pk)


def _form(request: HttpRequest, episode: Episode, chosen: str, *, status: int = 200) -> HttpResponse:
    context = {
        "is_open": True,
        "business": _business(episode),
        "question": question_of(episode),
        "scores": [(score, face, label, str(score) == chosen) for score, face, label in SCORES],
    }
    return _page(request, context, status)


def _business(episode: Episode) -> str:
    return episode.conversation.business.name


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "mail/rate.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
