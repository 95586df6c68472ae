"""Endpoints, the events for them, and the deliveries.

An event and its deliveries are written in the transaction of the change, so neither can exist without the other.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from conversations.models import Business


class Webhook(models.Model):
    """An endpoint of one business, or of the whole site where `business` is null."""

    class DisabledReason(models.TextChoices):
        BY_HAND = "by_hand"
        GONE = "gone"  # it answered 410
        UNREACHABLE = "unreachable"  # no success for three days

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, null=True, blank=True, related_name="webhooks"
    )
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField(default=list)  # types; `*` stands for all
    secret = models.TextField(editable=False)  # encrypted, like the previous one
    previous_secret = models.TextField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=20, blank=True, choices=DisabledReason, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # The circuit breaker.
    failures = models.PositiveIntegerField(default=0, editable=False)  # since the last success
    failing_since = models.DateTimeField(null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)  # nothing is sent before this time
    is_slow = models.BooleanField(default=False, editable=False)  # served by separate threads

    # One worker at a time delivers to an endpoint.
    lease = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    woken_at = models.DateTimeField(null=True, editable=False)  # a job was enqueued, and has not begun

    class Meta:
        app_label = "notifications"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["business", "-id"], name="webhook_of_business"),
        ]

    def __str__(self) -> str:
        return self.url.partition("?")[0]


class WebhookEvent(models.Model):
    """Something that happened, as every endpoint gets it. `id` follows `rev` within a conversation."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(default=uuid7, unique=True, editable=False)  # `webhook-id`
    type = models.CharField(max_length=50)
    business_id = models.UUIDField(null=True)
    conversation_id = models.UUIDField(null=True)
    rev = models.PositiveBigIntegerField(default=0)
    body = models.TextField()  # the JSON that is sent
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        app_label = "notifications"
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["conversation_id"], name="webhook_event_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class WebhookDelivery(models.Model):
    """An event for an endpoint, with the last request and answer, redacted."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"  # given up after three days

    id = models.BigAutoField(primary_key=True)
    # Without a constraint in the database, because deleting an endpoint must never make a message fail. A job deletes
    # its deliveries, because there may be a million.
    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.DO_NOTHING,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
        editable=False,
    )
    event = models.ForeignKey(
        WebhookEvent, on_delete=models.CASCADE, related_name="deliveries", editable=False
    )
    sequence = models.UUIDField(editable=False)  # events with the same one are delivered in order
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    first_attempt_at = models.DateTimeField(null=True)
    last_attempt_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    request = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "notifications"
        verbose_name_plural = "webhook deliveries"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "event"], name="webhook_delivery_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["webhook", "-id"], name="webhook_delivery_list"),
            models.Index(
                fields=["webhook", "sequence", "event"],
                name="webhook_delivery_pending",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["created_at"], name="webhook_delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.webhook_id} ({self.state})"
