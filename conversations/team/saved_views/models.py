"""The filters of the list that members have saved under a name."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7


class SavedView(models.Model):
    """Filters of the list of conversations under a name. With an `owner` it is private to this member.

    `filters` has all filters but the label and the group. A view goes with the label or the group that it is for.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=80)
    filters = models.JSONField(default=dict)
    label = models.ForeignKey(
        "conversations.Label", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        "conversations.TeamGroup", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "name"], condition=Q(owner=None), name="saved_view_of_business_once"
            ),
            models.UniqueConstraint(
                fields=["business", "owner", "name"],
                condition=Q(owner__isnull=False),
                name="saved_view_of_member_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["business", "name", "id"], name="saved_view_by_name")]

    def __str__(self) -> str:
        return self.name
