"""Send the welcome or the away answer to a customer who has written.

A job decides under the lock of the conversation, after the message has been committed. So two messages at once get one
answer, and an answer by a person that was committed first is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from chatsite.background.jobs import enqueue, job
from chatsite.identity.names import display_name
from chatsite.realtime.hub import Addressed
from conversations.block_rules import takes_automatic_messages
from conversations.models import (
    AutomaticAnswer,
    Automations,
    ChatMessage,
    Conversation,
    Membership,
    SenderKind,
    Side,
)
from conversations.serializers import MessageObject
from conversations.team.canned.variables import fill, first_name
from conversations.team.hours.operations import schedule_of
from conversations.team.hours.schedule import Schedule
from conversations.writing.change_parts import change_part
from conversations.writing.conversation_change import change_conversations
from conversations.writing.sends import append_system_message

ONCE_IN: Final = timedelta(days=1)
AFTER_AGENT: Final = timedelta(minutes=5)
SILENCE: Final = timedelta(days=1)  # before a message that is welcomed
LATEST: Final = timedelta(minutes=15)  # after the message; an answer that comes later is of no use


@change_part
class CustomerMessages:
    """Enqueues the job for messages of customers, where their business answers automatically."""

    def __init__(self, now: datetime) -> None:
        self.events: list[Addressed] = []
        self.recorded: list[Addressed] = []
        self._new: list[MessageObject] = []

    def ask(self, ids: Collection[UUID]) -> None:
        pass

    def attach(self, conversations: Mapping[UUID, Conversation]) -> None:
        pass

    def message_added(self, conversation: Conversation, message: MessageObject) -> None:
        if message.sender_side == Side.CUSTOMER.value and conversation.business.answers_automatically:
            self._new.append(message)

    def write(self) -> None:
        for message in self._new:
            enqueue(answer_automatically, str(message.id))


@job(attempts=3)
def answer_automatically(message_id: str) -> None:
    """Answer the message, if an answer is due."""
    message = ChatMessage.objects.filter(pk=message_id).first()
    if message is None:
        return
    with change_conversations() as change:
        for conversation in change.lock([message.conversation_id]):
            schedule = schedule_of(conversation.business_id)
            kind = due_kind(conversation, message, schedule, change.now)
            text = text_of(conversation, kind, schedule, change.now) if kind is not None else ""
            if text:
                append_system_message(change, conversation, text)
                AutomaticAnswer.objects.update_or_create(
                    conversation=conversation, kind=kind, defaults={"sent_at": change.now}
                )


def due_kind(
    conversation: Conversation, message: ChatMessage, schedule: Schedule | None, now: datetime
) -> AutomaticAnswer.Kind | None:
    """Return which answer the message gets. The conversation is locked."""
    if message.deleted_at or message.hidden_at or message.created_at < now - LATEST:
        return None
    if not takes_automatic_messages(conversation):
        return None
    if message.sender_kind != SenderKind.PERSON or _is_bot(conversation) or _agent_wrote(conversation, now):
        return None
    if schedule is not None and not schedule.is_open(now):
        kind = AutomaticAnswer.Kind.AWAY
    elif _is_after_silence(message):
        kind = AutomaticAnswer.Kind.WELCOME
    else:
        return None
    recent = AutomaticAnswer.objects.filter(conversation=conversation, kind=kind, sent_at__gt=now - ONCE_IN)
    return None if recent.exists() else kind


def _is_bot(conversation: Conversation) -> bool:
    return Membership.objects.filter(user=conversation.customer_id, is_bot=True).exists()


def _agent_wrote(conversation: Conversation, now: datetime) -> bool:
    answers = ChatMessage.objects.filter(
        conversation=conversation, sender_side=Side.BUSINESS, sender_kind=SenderKind.PERSON
    )
    latest = answers.order_by("-seq").values_list("created_at", flat=True).first()
    return latest is not None and latest > now - AFTER_AGENT


def _is_after_silence(message: ChatMessage) -> bool:
    """Return whether nobody wrote for a day before the message."""
    earlier = ChatMessage.objects.filter(conversation=message.conversation_id, seq__lt=message.seq)
    said = earlier.exclude(sender_side=Side.SYSTEM).order_by("-seq")
    latest = said.values_list("created_at", flat=True).first()
    return latest is None or latest < message.created_at - SILENCE


def text_of(
    conversation: Conversation, kind: AutomaticAnswer.Kind, schedule: Schedule | None, now: datetime
) -> str:
    """Return the text with its variables filled. Empty if the business has turned this answer off."""
    automations = Automations.objects.filter(business=conversation.business_id).first()
    text = "" if automations is None else getattr(automations, kind.value)
    customer = display_name(conversation.customer)
    opens_at = schedule.opens_at(now) if schedule is not None else None
    opening = ""
    if schedule is not None and opens_at is not None:
        opening = date_format(timezone.localtime(opens_at, schedule.zone), "l j F, H:i")
    return fill(
        text,
        {
            "business.name": conversation.business.name,
            "customer.name": customer,
            "customer.firstName": first_name(customer),
            "hours.nextOpening": opening,
        },
    )
