"""A member asks the assistants for help."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from chatsite.errors import invalid, not_found
from chatsite.identity.names import display_name
from conversations import history
from conversations.access import UserId, find_conversation
from conversations.assistants.calls import ask_assistant
from conversations.assistants.serializers import LANGUAGE_LENGTH, AssistanceObject, AssistantAnswer
from conversations.assistants.types import AssistantRequest, Kind
from conversations.host_functions import FunctionFailed
from conversations.models import Conversation, Side

MOST_MESSAGES: Final = 50  # that an assistant gets


def ask_assistants(
    *, user_id: UserId, conversation_id: str, kind: Kind, language: str = ""
) -> AssistanceObject:
    """Return what the assistants offer. One that fails is marked, and the others still answer.

    Nothing is stored, sent or shown to the customer, whether the assistants answer or not.
    """
    if len(language) > LANGUAGE_LENGTH or not language.isprintable():
        raise invalid("language must be a language tag, such as pt-BR.", field="language")
    conversation, side = find_conversation(user_id, conversation_id)
    if side != Side.BUSINESS:
        raise not_found("conversation")  # customers cannot tell whether there are assistants
    request = _request(conversation, kind, language)
    answers = [_answer(path, request) for path in settings.CHAT_ASSISTANTS]
    return AssistanceObject(kind=kind, answers=[answer for answer in answers if answer is not None])


def _request(conversation: Conversation, kind: Kind, language: str) -> AssistantRequest:
    page = history.message_page(conversation.pk, limit=MOST_MESSAGES)
    return AssistantRequest(
        kind=kind,
        conversation_id=conversation.pk,
        business_id=conversation.business_id,
        business_name=conversation.business.name,
        customer_name=display_name(conversation.customer),
        messages=page.messages,
        language=language,
    )


def _answer(path: str, request: AssistantRequest) -> AssistantAnswer | None:
    name = path.rpartition(".")[2]
    try:
        texts = ask_assistant(path, request)
    except FunctionFailed:
        return AssistantAnswer(assistant=name, failed=True, texts=[])
    return None if texts is None else AssistantAnswer(assistant=name, failed=False, texts=texts)
