from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Reaction(models.Model):
    """One person's emoji on one message. What clients see of all of them is kept in `ChatMessage.reactions`."""

    message = models.ForeignKey(
        "conversations.ChatMessage", on_delete=models.CASCADE, related_name="reaction_rows"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "user", "emoji"], name="one_reaction_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.emoji} on {self.message_id}"
