"""Write events and their deliveries in the transaction of a change.

Endpoints are looked up in that transaction, and only for businesses that are marked with `changes_recorded`. The mark
changes under a lock (`recorded_businesses`), so an endpoint that has been created misses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q
from django.utils import timezone

from chatsite.database.after_commit import after_commit
from conversations.writing.recording import Change, recorders
from notifications.webhooks.delivering import wake
from notifications.webhooks.event_types import EVERY_TYPE, type_of
from notifications.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from notifications.webhooks.recorded_businesses import mark_new_businesses


@dataclass(frozen=True, slots=True)
class NewEvent:
    """`data` is JSON."""

    type: str
    business_id: UUID | None
    data: bytes
    conversation_id: UUID | None = None
    rev: int = 0


def record(changes: list[Change]) -> None:
    """Store the events for the endpoints of the businesses, and their deliveries."""
    businesses = {change.conversation.business_id: change.conversation.business for change in changes}
    endpoints = endpoints_of(businesses)
    events = [
        NewEvent(type_name, change.conversation.business_id, change.data, change.conversation.pk, change.rev)
        for change in changes
        if (type_name := type_of(change.event)) is not None
    ]
    store(events, endpoints)
    unmarked = {key for key, business in businesses.items() if business.changes_recorded is None}
    if unmarked:
        after_commit(mark_new_businesses, unmarked)


def endpoints_of(business_ids: Collection[UUID]) -> list[Webhook]:
    """Return the enabled endpoints of these businesses and of the whole site."""
    found = Webhook.objects.filter(Q(business__in=business_ids) | Q(business=None), enabled=True)
    return list(found.order_by("pk"))


def store(events: Iterable[NewEvent], endpoints: Collection[Webhook]) -> list[WebhookDelivery]:
    """Store each event that an endpoint wants, and wake the deliverers after the commit."""
    now = timezone.now()
    rows: list[WebhookEvent] = []
    deliveries: list[WebhookDelivery] = []
    for event in events:
        wanting = [endpoint for endpoint in endpoints if _wants(endpoint, event)]
        if not wanting:
            continue
        row = _row(event, now)
        rows.append(row)
        sequence = event.conversation_id or row.event_id
        deliveries += [
            WebhookDelivery(webhook=one, event=row, sequence=sequence, created_at=now) for one in wanting
        ]
    WebhookEvent.objects.bulk_create(rows)
    for delivery in deliveries:
        delivery.event_id = delivery.event.pk
    WebhookDelivery.objects.bulk_create(deliveries)
    if deliveries:
        woken = {delivery.webhook_id: delivery.webhook for delivery in deliveries}
        after_commit(wake, list(woken.values()))
    return deliveries


def _wants(endpoint: Webhook, event: NewEvent) -> bool:
    if endpoint.business_id is not None and endpoint.business_id != event.business_id:
        return False
    return event.type in endpoint.events or EVERY_TYPE in endpoint.events


def _row(event: NewEvent, now: datetime) -> WebhookEvent:
    body: dict[str, Any] = {
        "type": event.type,
        "timestamp": now,
        "businessId": event.business_id,
        "data": msgspec.Raw(event.data),
    }
    return WebhookEvent(
        type=event.type,
        business_id=event.business_id,
        conversation_id=event.conversation_id,
        rev=event.rev,
        body=msgspec.json.encode(body).decode(),
        created_at=now,
    )


recorders.append(record)
