"""A business's widget: where it may be shown, how it looks, who vouches for its visitors, and who they are here."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from conversations.models import Business


class WidgetSite(models.Model):
    """The widget of one business. Its id is public: a host's tokens name it as their `iss`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.OneToOneField(Business, on_delete=models.PROTECT, related_name="widget_site")
    enabled = models.BooleanField(default=True, help_text="A disabled widget is not there at all.")
    origins = models.JSONField(
        default=list,
        blank=True,
        help_text="Where the widget may be shown, such as https://www.example.com or https://*.example.com.",
    )
    guests_allowed = models.BooleanField(
        default=False, help_text="Whether visitors that the host site does not vouch for may write."
    )
    title = models.CharField(max_length=60, blank=True, help_text="Without it the business's name.")
    greeting = models.CharField(max_length=300, blank=True, help_text="Shown above the conversation.")
    accent = models.CharField(max_length=7, blank=True, help_text="A colour such as #2f5bea.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "widget"
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("handle_secrets", "Can see, rotate and revoke signing secrets")]

    def __str__(self) -> str:
        return f"widget of {self.business_id}"


class SigningSecret(models.Model):
    """A key that the host's server signs its visitors' tokens with. HMAC needs it readable here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(WidgetSite, on_delete=models.CASCADE, related_name="secrets")
    value = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"secret {self.hint}"

    @property
    def hint(self) -> str:
        """Enough to tell one from another, and nothing to sign with."""
        return f"…{self.value[-4:]}"


class ExternalIdentity(models.Model):
    """Who a visitor of a host site is here. `subject` is the host's own user id, or the hash of a guest's key."""

    class Kind(models.TextChoices):
        SIGNED = "signed"
        GUEST = "guest"

    site = models.ForeignKey(WidgetSite, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.CharField(max_length=255)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="widget_identity"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "external identities"
        constraints: ClassVar = [
            # The kind is part of it: no host can sign itself into a guest's account.
            models.UniqueConstraint(fields=["site", "kind", "subject"], name="external_identity_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["signed", "guest"]), name="external_identity_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} visitor {self.user_id}"
