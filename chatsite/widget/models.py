"""A business's widget, its signing secrets, and the accounts of its visitors."""

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
    enabled = models.BooleanField(
        default=True, help_text="A disabled widget looks to visitors as if it did not exist."
    )
    origins = models.JSONField(
        default=list,
        blank=True,
        help_text="Sites that may show the widget, such as https://www.example.com or https://*.example.com.",
    )
    guests_allowed = models.BooleanField(
        default=False, help_text="Whether visitors who are not signed in on the host site may write."
    )
    title = models.CharField(max_length=60, blank=True, help_text="Defaults to the business's name.")
    greeting = models.CharField(max_length=300, blank=True, help_text="Shown above the conversation.")
    accent = models.CharField(max_length=7, blank=True, help_text="A colour such as #2f5bea.")
    asks_first = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether guests are asked for a name and an address before the first message.",
    )
    form_question = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="One more question of the form. Empty: it is left out.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "widget"
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("handle_secrets", "Can see, rotate and revoke signing secrets")]

    def __str__(self) -> str:
        return f"widget of {self.business_id}"


class SigningSecret(models.Model):
    """A key with which the host's server signs tokens. HMAC needs it in clear text on both sides."""

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
        """The last four characters, to tell secrets apart."""
        return f"…{self.value[-4:]}"


class ExternalIdentity(models.Model):
    """The account of a host site's visitor. `subject` is the host's user id, or the hash of a guest's key."""

    class Kind(models.TextChoices):
        SIGNED = "signed"
        GUEST = "guest"

    site = models.ForeignKey(WidgetSite, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.CharField(max_length=255)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="widget_identity"
    )
    # What members see of the visitor. Both are lists of a name and a text.
    attributes = models.JSONField(null=True, editable=False)  # of the host's last token
    answers = models.JSONField(null=True, editable=False)  # to the form before the chat
    # The page of the business's site on which the visitor last opened the widget.
    page_url = models.CharField(max_length=500, default="", db_default="", editable=False)
    page_title = models.CharField(max_length=200, default="", db_default="", editable=False)
    page_seen_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "external identities"
        constraints: ClassVar = [
            # The kind is part of the key, so that no host can sign in to a guest's account.
            models.UniqueConstraint(fields=["site", "kind", "subject"], name="external_identity_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["signed", "guest"]), name="external_identity_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} visitor {self.user_id}"
