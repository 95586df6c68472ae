"""The bookkeeping of the import: which old rows are done, what they became, and who is at work."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class LegacyImport(models.Model):
    """One old table, how far its import has come, and the process that is importing or undoing it now, if any."""

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
    """An old row that has been moved. Without a conversation, `object_id` is a notification's.

    No foreign keys to what it became: live deletes and erasures must not pay for an import of long ago.
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
    """A conversation or a business that was not there before the import made it, for the undo."""

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
