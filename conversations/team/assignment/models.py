"""How a business gives conversations to its members."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class AssignmentRule(models.Model):
    """The rule of a business. Its row is the lock of assignments: one transaction at a time decides for a business."""

    class Mode(models.TextChoices):
        OFF = "off"
        ROUND_ROBIN = "round_robin"
        LEAST_LOADED = "least_loaded"

    business = models.OneToOneField(
        "conversations.Business", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.OFF)
    capacity = models.PositiveSmallIntegerField(null=True, blank=True)  # open conversations of one member
    since = models.DateTimeField(
        default=timezone.now
    )  # conversations that were silent since then stay as they are
    last_assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["business_id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(mode__in=["off", "round_robin", "least_loaded"]), name="assignment_mode"
            ),
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(capacity__gte=1), name="assignment_capacity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mode} in {self.business_id}"
