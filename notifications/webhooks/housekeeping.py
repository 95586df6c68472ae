"""Delete old events and deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from chatsite.background.jobs import job
from chatsite.background.recurring import every
from chatsite.config.queues import HOUSEKEEPING_QUEUE
from notifications.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from notifications.webhooks.recorded_businesses import mark_recorded_businesses

KEPT: Final = timedelta(days=30)
BATCH: Final = 1_000  # rows of one transaction


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def prune_deliveries() -> None:
    """Delete deliveries after 30 days, deliveries of deleted endpoints, and events without deliveries."""
    old = WebhookDelivery.objects.filter(created_at__lt=timezone.now() - KEPT).order_by()
    endpoints = Webhook.objects.filter(pk=OuterRef("webhook_id"))
    orphans = WebhookDelivery.objects.filter(~Exists(endpoints)).order_by()
    for rows in (old, orphans):
        _delete_in_batches(rows)
    owed = WebhookDelivery.objects.filter(event=OuterRef("pk"))
    # A running transaction writes the event before its deliveries.
    events = WebhookEvent.objects.filter(created_at__lt=timezone.now() - timedelta(hours=1)).order_by()
    while keys := list(events.filter(~Exists(owed)).values_list("pk", flat=True)[:BATCH]):
        WebhookEvent.objects.filter(pk__in=keys).delete()
    mark_recorded_businesses()


@job(queue=HOUSEKEEPING_QUEUE)
def delete_deliveries_of(webhook_id: str) -> None:
    """Delete the deliveries of a deleted endpoint. `prune_deliveries` deletes those that are stored meanwhile."""
    _delete_in_batches(WebhookDelivery.objects.filter(webhook_id=webhook_id).order_by())


def _delete_in_batches(rows: QuerySet[WebhookDelivery]) -> None:
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        WebhookDelivery.objects.filter(pk__in=keys).delete()


every(timedelta(hours=6), prune_deliveries)
