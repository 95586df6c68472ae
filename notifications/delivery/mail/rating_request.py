"""Write the mail that asks for a rating, and read the token of its links."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import not_found
from chatsite.http.site_url import site_url
from chatsite.identity.names import email_of
from conversations.models import CsatSettings, Episode
from conversations.team.reports.csat import QUESTION
from notifications.delivery.links import settings_path
from notifications.delivery.mail.composing import mail_headers, one_line, sender_address
from notifications.delivery.mail.unsubscribe import unsubscribe_token
from notifications.delivery.models import Notice

SALT: Final = "notifications.rating"
SCORES: Final = (
    (1, "😞", _("Very bad")),
    (2, "😕", _("Bad")),
    (3, "😐", _("Fair")),
    (4, "😊", _("Good")),
    (5, "😄", _("Very good")),
)


def compose_rating_request(notice: Notice, episode: Episode, locale: str) -> EmailMultiAlternatives:
    """A mail in the customer's language, with a link for each score. It joins the thread of the conversation."""
    business = episode.conversation.business.name
    with translation.override(locale):
        unsubscribe = site_url(reverse("unsubscribe", args=[unsubscribe_token(notice.user_id)]))
        page = site_url(reverse("rate-by-mail", args=[rating_token(episode.pk)]))
        context = {
            "business": business,
            "question": question_of(episode),
            "scores": [(face, label, f"{page}?score={score}") for score, face, label in SCORES],
            "unsubscribe_url": unsubscribe,
            "settings_url": site_url(settings_path()),
            "language": translation.get_language(),
        }
        mail = EmailMultiAlternatives(
            subject=gettext("Your conversation with %(name)s") % {"name": one_line(business)},
            body=render_to_string("mail/rating_request.txt", context),
            from_email=sender_address(business),
            to=[email_of(notice.user)],
            headers=mail_headers(notice, [episode.conversation], unsubscribe),
        )
        mail.attach_alternative(render_to_string("mail/rating_request.html", context), "text/html")
    return mail


def question_of(episode: Episode) -> str:
    """Return the question of the business, or the usual one in the active language."""
    chosen = CsatSettings.objects.filter(business=episode.business_id).first()
    question = chosen.question if chosen is not None else ""
    return (
        question
        if question not in ("", QUESTION)
        else gettext("How did we do? Please rate this conversation.")
    )


def rating_token(episode_id: UUID) -> str:
    """It can do nothing but rate this one episode, for as long as the question is open."""
    return signing.dumps(str(episode_id), salt=SALT)


def episode_of(token: str) -> Episode:
    """Return the episode that the token names, or `not_found`."""
    try:
        key: Any = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise not_found("question") from error
    rows = Episode.objects.select_related("conversation__business", "conversation__customer")
    episode = rows.filter(pk=key).first()
    if episode is None or not episode.conversation.customer.is_active:
        raise not_found("question")
    return episode
