from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Block(models.Model):
    """A customer blocks a business or one of its members, or a business blocks a customer.

    What follows for a conversation is kept in its row, where a send reads it under the lock.
    """

    user = models.ForeignKey(  # who blocks; of a business's block, the member who set it
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    for_business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, null=True, related_name="+"
    )
    blocked_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    blocked_business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "blocked_user"],
                condition=Q(for_business=None, blocked_user__isnull=False),
                name="block_of_user_once",
            ),
            models.UniqueConstraint(
                fields=["user", "blocked_business"],
                condition=Q(blocked_business__isnull=False),
                name="block_of_business_once",
            ),
            models.UniqueConstraint(
                fields=["for_business", "blocked_user"],
                condition=Q(for_business__isnull=False),
                name="block_by_business_once",
            ),
            models.CheckConstraint(
                condition=Q(blocked_user__isnull=False, blocked_business=None)
                | Q(blocked_user=None, blocked_business__isnull=False, for_business=None),
                name="block_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.for_business_id or self.user_id} blocks {self.blocked_business_id or self.blocked_user_id}"
