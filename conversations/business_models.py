"""Businesses and their members."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from conversations.member_rules import MembershipQuerySet, check_member


class Business(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    # Days that its files are kept, and its messages with their files; 0: forever; null: as the site's setting says.
    file_days = models.PositiveIntegerField(null=True, blank=True)
    message_days = models.PositiveIntegerField(null=True, blank=True)
    # Whether changes of its conversations are recorded for webhooks; null where nobody has looked yet.
    changes_recorded = models.BooleanField(null=True, default=None, editable=False)
    # Written with its automatic answers and with its `AssignmentRule`.
    answers_automatically = models.BooleanField(default=False, db_default=False, editable=False)
    assigns_automatically = models.BooleanField(default=False, db_default=False, editable=False)
    setup_hidden = models.BooleanField(default=False, db_default=False, editable=False)
    # The bot that answers the first message of an episode. Null: people do.
    first_bot = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "businesses"
        ordering: ClassVar = ["name", "id"]
        indexes: ClassVar = [models.Index(fields=["name", "id"], name="business_by_name")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding and not args:
            # A form that was opened earlier must not write back a mark that has changed since.
            kwargs.setdefault("update_fields", {f.attname for f in self._meta.concrete_fields if f.editable})
        super().save(*args, **kwargs)


class Membership(models.Model):
    """A user who writes for a business."""

    class Role(models.TextChoices):
        OWNER = "owner"
        AGENT = "agent"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.AGENT)
    is_bot = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=["owner", "agent"]), name="membership_role"),
        ]

    def __str__(self) -> str:
        # The isolating characters of Unicode keep a name from reordering the text around it.
        return f"\u2068{self.user}\u2069 ({self.role}) of \u2068{self.business}\u2069"

    def save(self, *args: Any, **kwargs: Any) -> None:
        check_member(self.user_id, self.business_id)
        super().save(*args, **kwargs)
