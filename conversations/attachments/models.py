from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7


class StoredFile(models.Model):
    """One object in the storage. Its content never changes.

    The row is committed before the bytes are written, and deleted after they are: so the storage never holds bytes
    that no row names, whenever a process is killed. A row that no attachment refers to is deleted by a job.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=200, unique=True, editable=False)  # the name in the storage
    size = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        app_label = "conversations"

    def __str__(self) -> str:
        return self.key


class Attachment(models.Model):
    """An uploaded file. It belongs to its owner until it is sent, and then to one message or canned answer."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        FILE = "file"
        VOICE = "voice"
        VIDEO = "video"

    class State(models.TextChoices):
        PROCESSING = "processing"
        READY = "ready"
        REJECTED = "rejected"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Null for a person who was erased.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    message = models.ForeignKey(
        "conversations.ChatMessage", on_delete=models.CASCADE, null=True, related_name="files", editable=False
    )
    # The business of the message's conversation or of the canned answer, for its quota.
    business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, null=True, related_name="+", editable=False
    )
    # A file of a canned answer has no owner and no message. Whoever uses the answer gets a copy of it.
    canned_answer = models.ForeignKey(
        "conversations.CannedAnswer",
        on_delete=models.CASCADE,
        null=True,
        related_name="files",
        editable=False,
        db_index=False,
    )
    # Among those of its message or canned answer.
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=200)
    alt = models.TextField(
        blank=True, default="", db_default=""
    )  # what a picture shows, in the sender's words
    size = models.PositiveBigIntegerField()  # bytes of `file`
    content_type = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State, default=State.PROCESSING)
    reason = models.CharField(max_length=200, blank=True, default="")  # why it was rejected
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveBigIntegerField(null=True)
    waveform = models.TextField(blank=True, default="")  # a list as JSON
    placeholder = models.TextField(blank=True, default="")
    # Null once the bytes are to go: `state` and the rest of the row stay for the record.
    file = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    thumbnail = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "conversations"
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                name="attachment_unused",
                condition=models.Q(message__isnull=True),
            ),
            models.Index(
                fields=["canned_answer", "position"],
                name="attachment_canned",
                condition=models.Q(canned_answer__isnull=False),
            ),
            # For the quota of a user.
            models.Index(
                fields=["owner", "size"],
                name="attachment_owned",
                condition=models.Q(file__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StorageUse(models.Model):
    """What a business stores, for its quota. See `conversations.writing.storage_use`."""

    business = models.OneToOneField(
        "conversations.Business",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
        editable=False,
    )
    bytes = models.BigIntegerField(default=0, editable=False)
    files = models.BigIntegerField(default=0, editable=False)

    class Meta:
        app_label = "conversations"

    def __str__(self) -> str:
        return str(self.business_id)


class DirectUpload(models.Model):
    """An upload that a client sends straight to the storage, until it is complete."""

    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, primary_key=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    alt = models.TextField(blank=True, default="", db_default="")
    size = models.PositiveBigIntegerField()
    is_recording = models.BooleanField()

    class Meta:
        app_label = "conversations"

    def __str__(self) -> str:
        return self.name
