"""The automatic answers of a business, and when each conversation last had one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Automations(models.Model):
    """The texts of a business. An empty text turns its answer off."""

    business = models.OneToOneField(
        "conversations.Business", on_delete=models.CASCADE, primary_key=True, related_name="automations"
    )
    welcome = models.TextField(blank=True, max_length=1000)
    away = models.TextField(blank=True, max_length=1000)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        verbose_name_plural = "automations"
        ordering: ClassVar = ["business_id"]

    def __str__(self) -> str:
        return f"automatic answers of {self.business_id}"


class AutomaticAnswer(models.Model):
    """When a conversation last had an automatic answer of a kind. Written under the lock of the conversation."""

    class Kind(models.TextChoices):
        WELCOME = "welcome"
        AWAY = "away"

    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind)
    sent_at = models.DateTimeField()

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "kind"], name="automatic_answer_once"),
            models.CheckConstraint(condition=Q(kind__in=["welcome", "away"]), name="automatic_answer_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.conversation_id}"
