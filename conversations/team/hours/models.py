"""The hours of a business, and how fast it answers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now


class BusinessHours(models.Model):
    """When a business is open. A business without a row has no hours: it is neither open nor closed."""

    business = models.OneToOneField(
        "conversations.Business", on_delete=models.CASCADE, primary_key=True, related_name="hours"
    )
    timezone = models.CharField(max_length=64)
    weekly = models.JSONField()  # seven lists of {"from", "to"}, from Monday
    exceptions = models.JSONField(default=list, blank=True)  # of {"date", "name", "ranges"}
    country = models.CharField(max_length=2, blank=True)  # whose public holidays are closed days
    subdivision = models.CharField(max_length=10, blank=True)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        app_label = "conversations"
        verbose_name_plural = "business hours"
        ordering: ClassVar = ["business_id"]

    def __str__(self) -> str:
        return f"hours of {self.business_id}"


class AnswerTime(models.Model):
    """The median time in which people of a business answered lately. A recurring job measures it."""

    business = models.OneToOneField(
        "conversations.Business", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    seconds = models.PositiveIntegerField()
    samples = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["business_id"]

    def __str__(self) -> str:
        return f"{self.business_id}: {self.seconds} s"
