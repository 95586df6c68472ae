"""Remove an erased person's texts and names from stored events, which can be sent again, and notify endpoints."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from conversations.access import UserId
from conversations.models import Conversation
from conversations.moderation import erasure
from notifications.webhooks.event_types import CONTACT_ERASED
from notifications.webhooks.models import WebhookEvent
from notifications.webhooks.outbox import NewEvent, endpoints_of, store

Data = dict[str, Any]  # of an event

# The events with the content of a message or of a file.
OF_A_MESSAGE: Final = ("attachment.updated", "message.created", "message.deleted", "message.edited")
# What a message and a file keep of an erased person, as clients see them.
EMPTY_MESSAGE: Final[Data] = {
    "content": "",
    "senderId": None,
    "clientId": None,
    "attachments": [],
    "reactions": [],
}
EMPTY_FILE: Final[Data] = {
    "name": "",
    "alt": None,
    "waveform": None,
    "placeholder": None,
    "url": None,
    "thumbnailUrl": None,
}


def forget_person(user_id: UserId) -> None:
    """Empty the events that name the person, and notify the businesses. Repeating it changes nothing."""
    known = str(user_id)
    _change(WebhookEvent.objects.filter(body__contains=f'"{known}"'), partial(_remove_person, known))
    spoken_to = Conversation.objects.filter(customer_id=user_id).order_by()
    businesses = list(spoken_to.values_list("business_id", flat=True).distinct())
    data = msgspec.json.encode({"customerId": known})
    told = WebhookEvent.objects.filter(type=CONTACT_ERASED, body__contains=data.decode())
    store(
        [
            NewEvent(CONTACT_ERASED, business_id, data)
            for business_id in businesses
            if not told.filter(business_id=business_id).exists()
        ],
        endpoints_of(businesses),
    )


def forget_messages(conversation_id: UUID, message_ids: Collection[UUID]) -> None:
    """Empty the events of an erased person's messages. An event of a file does not name the sender."""
    events = WebhookEvent.objects.filter(conversation_id=conversation_id, type__in=OF_A_MESSAGE)
    _change(events, partial(_remove_messages, {str(key) for key in message_ids}))


def _change(events: QuerySet[WebhookEvent], remove: Callable[[Data], None]) -> None:
    for event in events.iterator(chunk_size=500):
        body = msgspec.json.decode(event.body)
        remove(body["data"])
        changed = msgspec.json.encode(body).decode()
        if changed != event.body:
            WebhookEvent.objects.filter(pk=event.pk).update(body=changed)


def _remove_person(user_id: str, data: Data) -> None:
    message, conversation = data.get("message"), data.get("conversation")
    if message and message["senderId"] == user_id:
        message |= EMPTY_MESSAGE
    if conversation and conversation["customerId"] == user_id:
        conversation |= {
            "lastMessage": "",
            "lastReaction": None,
            "customer": {"id": user_id, "username": "", "name": ""},
        }
    for holder in (data, message):
        if holder and "reactions" in holder:
            holder["reactions"] = _without_reactions_of(user_id, holder["reactions"])


def _without_reactions_of(user_id: str, reactions: list[Data]) -> list[Data]:
    kept = [
        reaction | {"userIds": [one for one in reaction["userIds"] if one != user_id]}
        for reaction in reactions
    ]
    return [reaction | {"count": len(reaction["userIds"])} for reaction in kept if reaction["userIds"]]


def _remove_messages(message_ids: set[str], data: Data) -> None:
    message, file = data.get("message"), data.get("attachment")
    if message and message["id"] in message_ids:
        message |= EMPTY_MESSAGE
    if file and data["messageId"] in message_ids:
        file |= EMPTY_FILE


erasure.forget_person.append(forget_person)
erasure.forget_messages.append(forget_messages)
