"""The records of an import: which old rows have been moved, what was created, and which process runs the import."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class LegacyImport(models.Model):
    """An old table: its counts, and the process that imports or undoes it now, if any."""

    source = models.CharField(max_length=200, unique=True)
    watermark_created = models.TextField(blank=True, editable=False)  # the newest old row that has been moved
    watermark_id = models.TextField(blank=True, editable=False)
    messages = models.PositiveBigIntegerField(default=0, editable=False)
    notifications = models.PositiveBigIntegerField(default=0, editable=False)
    holder = models.CharField(max_length=300, blank=True, editable=False)  # host:pid:token
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)  # the end of the last complete run

    class Meta:
        app_label = "notifications"  # the tables and migrations are that app's

    def __str__(self) -> str:
        return self.source


class LegacyRow(models.Model):
    """An old row that has been moved. `object_id` is the message, or a notification if there is no conversation.

    There are no foreign keys to these, because they would slow down deletions and erasures on the site.
    """

    pk = models.CompositePrimaryKey("source_id", "legacy_id")
    source = models.ForeignKey(LegacyImport, on_delete=models.CASCADE, related_name="rows", db_index=False)
    legacy_id = models.CharField(max_length=200)
    object_id = models.UUIDField()
    conversation_id = models.UUIDField(null=True)

    class Meta:
        app_label = "notifications"
        indexes: ClassVar = [
            models.Index(fields=["source", "conversation_id"], name="legacy_row_by_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.legacy_id}"


class LegacyMade(models.Model):
    """A conversation or a business that the import created. The undo removes it."""

    class Kind(models.TextChoices):
        CONVERSATION = "conversation"
        BUSINESS = "business"

    source = models.ForeignKey(LegacyImport, on_delete=models.CASCADE, related_name="made")
    kind = models.CharField(max_length=12, choices=Kind)
    object_id = models.UUIDField(unique=True)

    class Meta:
        app_label = "notifications"

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class ImportedAccount(models.Model):
    """An account that an import has created for a person of the old system. The undo removes it.

    `reference` is a digest of the person's id there, so that every run finds the same account.
    """

    source = models.ForeignKey(LegacyImport, on_delete=models.CASCADE, related_name="accounts")
    reference = models.CharField(max_length=64)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "notifications"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "reference"], name="imported_account_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.user_id}"
