"""Canned answers of a business, and of single members."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

CODE_LENGTH = 40
TEXT_LENGTH = 4000


class CannedAnswer(models.Model):
    """A text that members insert by its code.

    With an `owner` it is private to this member, and with a `group` it is for the members of the group.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        "conversations.TeamGroup", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    code = models.CharField(max_length=CODE_LENGTH)
    text = models.TextField(max_length=TEXT_LENGTH)
    # The words of the text as the message search compares them.
    tokens = models.TextField(default="", blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    uses = models.PositiveIntegerField(default=0, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["code", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "code"],
                condition=Q(owner=None, group=None),
                name="canned_answer_of_business_once",
            ),
            models.UniqueConstraint(
                fields=["group", "code"],
                condition=Q(group__isnull=False),
                name="canned_answer_of_group_once",
            ),
            models.CheckConstraint(condition=Q(owner=None) | Q(group=None), name="canned_answer_scope"),
            models.UniqueConstraint(
                fields=["business", "owner", "code"],
                condition=Q(owner__isnull=False),
                name="canned_answer_of_member_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["business", "code", "id"], name="canned_answer_by_code")]

    def __str__(self) -> str:
        return f"/{self.code}"
