"""The card that asks a customer to rate a conversation, for readers without scripts. `rating.js` draws it too."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from chatsite.errors import from_decoding
from conversations.models import Conversation
from conversations.serializers import MessageObject
from conversations.team.reports import csat
from conversations.team.reports.requests import CsatBody, CsatObject

SCORES: Final = (
    (1, "😞", _("Very bad")),
    (2, "😕", _("Bad")),
    (3, "😐", _("Fair")),
    (4, "😊", _("Good")),
    (5, "😄", _("Very good")),
)


def open_question(user: Any, conversation: Conversation, messages: list[MessageObject]) -> CsatObject | None:
    """Return the question to the customer if one of these messages asks it. That one was created when it was asked.

    The customer then has seen it, with scripts or without.
    """
    lines = [message for message in messages if message.message_type == "system" and not message.deleted_at]
    if not lines or conversation.customer_id != user.pk:
        return None
    question = csat.read_rating(user_id=user.pk, conversation_id=str(conversation.pk))
    if not any(message.created_at == question.asked_at for message in lines):
        return None
    csat.note_questions_seen([(user.pk, conversation.pk)])
    return question


def rate_by_form(user_id: Any, conversation_id: str, form: QueryDict) -> None:
    """`score` is 1 to 5, and `comment` is optional."""
    given = {"score": form.get("score", ""), "comment": form.get("comment", "").replace("\r\n", "\n")}
    try:
        body = msgspec.convert(given, CsatBody, strict=False)
    except msgspec.ValidationError as error:
        raise from_decoding(error) from error
    csat.rate(user_id=user_id, conversation_id=conversation_id, body=body)
