"""What is measured of the conversations of a business, and its questions to customers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7


class Episode(models.Model):
    """From the customer's first message after a resolved state to the next `resolved`.

    The transaction that resolves the conversation writes the row, with agent, group and labels as they are then. A job
    measures it from the messages after those of the earlier episode, up to `last_seq`, without imported ones. An
    episode without a message of the customer is deleted by the job.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="episodes", db_index=False
    )
    business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    last_seq = models.PositiveBigIntegerField()
    resolved_at = models.DateTimeField()
    # Who was assigned, or else who answered last.
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        "conversations.TeamGroup", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    label_ids = models.JSONField(default=list)
    measured_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    # In seconds: by the clock, and in business hours.
    first_response = models.PositiveIntegerField(null=True)
    first_response_open = models.PositiveIntegerField(null=True)
    resolution = models.PositiveIntegerField(null=True)
    resolution_open = models.PositiveIntegerField(null=True)
    replies = models.JSONField(default=list)  # of [id of the agent, seconds, seconds in business hours]
    customer_messages = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    bot_answers = models.PositiveIntegerField(default=0)
    system_messages = models.PositiveIntegerField(default=0)
    # The customer's rating, when the customer was asked for it, and when they saw the question in the chat.
    asked_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    score = models.PositiveSmallIntegerField(null=True)
    comment = models.TextField(blank=True, default="", max_length=1000)
    rated_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["-resolved_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "last_seq"], name="episode_once"),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=1, score__lte=5), name="episode_score"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["business", "resolved_at"], name="episode_by_time")]

    def __str__(self) -> str:
        return f"{self.conversation_id} up to {self.last_seq}"


class CsatSettings(models.Model):
    """Whether a business asks its customers for a rating."""

    business = models.OneToOneField(
        "conversations.Business", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    enabled = models.BooleanField(default=False)
    question = models.CharField(max_length=300, blank=True)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        verbose_name_plural = "CSAT settings"
        ordering: ClassVar = ["business_id"]

    def __str__(self) -> str:
        return f"ratings of {self.business_id}"
