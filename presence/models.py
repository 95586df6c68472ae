"""When each user was last seen. The presence store knows who is online now."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class LastSeen(models.Model):
    """Written when a user goes offline. The time never decreases. Users who were never online have no row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="last_seen"
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "last seen"
        ordering: ClassVar = ["-at"]
        indexes: ClassVar = [models.Index(fields=["-at"], name="last_seen_by_time")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at:%Y-%m-%d %H:%M:%S}"
