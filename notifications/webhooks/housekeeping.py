"""Delete old events, empty those of erased people, and notify endpoints of an erasure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import msgspec
from django.db.models import Exists, OuterRef
from django.utils import timezone

from chatsite.background.jobs import job
from chatsite.background.recurring import every
from conversations.access import UserId
from conversations.models import Conversation
from conversations.moderation import erasure
from conversations.moderation.exports import conversations_written_in
from notifications.webhooks.event_types import CONTACT_ERASED
from notifications.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from notifications.webhooks.outbox import NewEvent, endpoints_of, store
from notifications.webhooks.recorded_businesses import mark_recorded_businesses

KEPT: Final = timedelta(days=30)
BATCH: Final = 1_000  # rows of one transaction


@job(attempts=1)
def prune_deliveries() -> None:
    """Delete deliveries after 30 days, deliveries of deleted endpoints, and events without deliveries."""
    old = WebhookDelivery.objects.filter(created_at__lt=timezone.now() - KEPT).order_by()
    endpoints = Webhook.objects.filter(pk=OuterRef("webhook_id"))
    orphans = WebhookDelivery.objects.filter(~Exists(endpoints)).order_by()
    for rows in (old, orphans):
        while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            WebhookDelivery.objects.filter(pk__in=keys).delete()
    owed = WebhookDelivery.objects.filter(event=OuterRef("pk"))
    # A running transaction writes the event before its deliveries.
    events = WebhookEvent.objects.filter(created_at__lt=timezone.now() - timedelta(hours=1)).order_by()
    while keys := list(events.filter(~Exists(owed)).values_list("pk", flat=True)[:BATCH]):
        WebhookEvent.objects.filter(pk__in=keys).delete()
    mark_recorded_businesses()


every(timedelta(hours=6), prune_deliveries)


# --- Erasure ----------------------------------------------------------------------------------------------------------


def forget_person(user_id: UserId) -> None:
    """Empty the person's messages in stored events, and notify the businesses. Repeating it changes nothing."""
    spoken_to = Conversation.objects.filter(customer_id=user_id).order_by()
    conversations = {*conversations_written_in(user_id), *spoken_to.values_list("pk", flat=True)}
    for event in WebhookEvent.objects.filter(conversation_id__in=conversations).iterator(chunk_size=500):
        emptied = _emptied(event.body, str(user_id))
        if emptied is not None:
            WebhookEvent.objects.filter(pk=event.pk).update(body=emptied)
    businesses = list(spoken_to.values_list("business_id", flat=True).distinct())
    data = msgspec.json.encode({"customerId": str(user_id)})
    told = WebhookEvent.objects.filter(type=CONTACT_ERASED, body__contains=data.decode())
    store(
        [
            NewEvent(CONTACT_ERASED, business_id, data)
            for business_id in businesses
            if not told.filter(business_id=business_id).exists()
        ],
        endpoints_of(businesses),
    )


def _emptied(body: str, user_id: str) -> str | None:
    """Return the event without the person's texts and names, or None if it has none."""
    event: dict[str, Any] = msgspec.json.decode(body)
    message, conversation = event["data"].get("message"), event["data"].get("conversation")
    if message and message["senderId"] == user_id:
        message |= {"content": "", "senderId": None, "clientId": None}
    elif conversation and conversation["customerId"] == user_id:
        conversation |= {
            "lastMessage": "",
            "lastReaction": None,
            "customer": {"id": user_id, "username": "", "name": ""},
        }
    else:
        return None
    return msgspec.json.encode(event).decode()


erasure.forget_person.append(forget_person)
