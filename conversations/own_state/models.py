from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class OwnState(models.Model):
    """One person's private state of one conversation. The first change creates the row, which then stays.

    `state_rev` counts its changes. A mark makes read messages count as unread again, for this person only. The
    receipts of the messages stay, so the other side does not see the mark.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="own_states"
    )
    state_rev = models.PositiveBigIntegerField(default=0)
    muted_until = models.DateTimeField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    unread_from = models.PositiveBigIntegerField(
        null=True, blank=True
    )  # the mark: the first `seq`, and the last
    unread_to = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "conversation"], name="own_state_once"),
            models.CheckConstraint(
                condition=Q(unread_from=None, unread_to=None)
                | Q(unread_from__isnull=False, unread_to__isnull=False),
                name="own_state_mark",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"
